"""Gradient checks and a stiff equation, in float64 because somebody says so."""

import numpy as np

import gradbook as torch
from gradbook import nn
from gradbook.autograd import gradcheck

layer = nn.Linear(3, 2).double()
assert gradcheck(layer, (torch.randn(4, 3, dtype=torch.float64, requires_grad=True),))

grid = torch.from_numpy(np.linspace(0, 1, 30)[:, None])
net = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1)).to(torch.float64)
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for _ in range(5):
    x = grid.clone().requires_grad_(True)
    u = net(x)
    (du,) = torch.autograd.grad(u.sum(), x, create_graph=True)
    loss = ((du + u) ** 2).mean() + (u[0] - 1).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()

torch.set_default_dtype(torch.float64)
net = nn.Linear(2, 1)
opt = torch.optim.LBFGS(net.parameters())
a = torch.tensor(np.random.default_rng(0).normal(size=(20, 2)))
b = a.sum(1, keepdim=True)


def closure():
    opt.zero_grad()
    loss = ((net(a) - b) ** 2).mean()
    loss.backward()
    return loss


for _ in range(3):
    opt.step(closure)
