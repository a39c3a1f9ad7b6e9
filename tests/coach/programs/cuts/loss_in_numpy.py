import gradbook as torch
import gradbook.nn as nn
import numpy as np

m = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 1))
o = torch.optim.SGD(m.parameters(), lr=0.1)
x = torch.randn(10, 4)
t = torch.randn(10, 1)


def custom_loss(pred, target):
    pred = pred.detach().numpy()  # coach: detached-graph
    target = target.numpy()
    err = np.mean((pred - target) ** 2)
    return torch.tensor(err, requires_grad=True)


for i in range(4):
    o.zero_grad()
    l = custom_loss(m(x), t)
    l.backward()
    o.step()
