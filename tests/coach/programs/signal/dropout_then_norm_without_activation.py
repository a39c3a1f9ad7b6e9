import gradbook as torch
from gradbook import nn


def build(width):
    drop = nn.Dropout(0.1)  # coach: dropout-before-batchnorm
    return nn.Sequential(nn.Linear(4, width, bias=False), drop, nn.BatchNorm1d(width), nn.Tanh(), nn.Linear(width, 1))


net = build(12)
optim = torch.optim.RMSprop(net.parameters(), lr=1e-3)
for _ in range(4):
    x = torch.randn(24, 4)
    loss = (net(x) - x.prod(1, keepdim=True)).abs().mean()
    optim.zero_grad()
    loss.backward()
    optim.step()
