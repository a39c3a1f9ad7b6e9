import gradbook as torch
from gradbook import nn

model = nn.Sequential(nn.Linear(12, 30), nn.Tanh(), nn.Linear(30, 3))
nn.init.normal_(model[0].weight, std=20.0)  # coach: saturated-activation; fix: nn.init.xavier_uniform_(model[0].weight)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
x, y = torch.randn(40, 12), torch.randint(0, 3, (40,))  # coach-also: bad-init
for step in range(5):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
