import gradbook as torch
from gradbook import nn


def mse(pred, target):
    return ((pred - target) ** 2).mean()  # coach: silent-broadcast; fix: pred.squeeze(1) - target


lin = nn.Linear(2, 1)
opt = torch.optim.SGD(lin.parameters(), lr=0.1)
x = torch.randn(30, 2)
t = x.sum(1)
for i in range(6):
    loss = mse(lin(x), t)
    opt.zero_grad()
    loss.backward()
    opt.step()
