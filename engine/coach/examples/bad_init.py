import gradbook as torch
from gradbook import nn

model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
nn.init.constant_(model[0].weight, 0.5)  # coach: bad-init; fix: nn.init.xavier_uniform_(model[0].weight)
nn.init.constant_(model[2].weight, 0.5)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x, y = torch.randn(32, 4), torch.randn(32, 1)
for step in range(5):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
