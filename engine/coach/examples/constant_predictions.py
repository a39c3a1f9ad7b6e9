import gradbook as torch
from gradbook import nn

model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
nn.init.constant_(model[0].bias, -20.0)  # coach-also: dead-relu
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x = torch.randn(64, 4)
y = x[:, :1] + 3
for step in range(40):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()  # coach: constant-predictions
    optimizer.step()
