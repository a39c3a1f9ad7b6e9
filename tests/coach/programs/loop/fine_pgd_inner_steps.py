"""PGD training: inner passes for the example, whose gradients in the model are cleared, then the training pass."""

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

net = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3))
opt = torch.optim.SGD(net.parameters(), lr=0.05)
for _ in range(6):
    x, y = torch.randn(10, 6), torch.randint(0, 3, (10,))
    delta = torch.zeros_like(x, requires_grad=True)
    for _ in range(5):
        F.cross_entropy(net(x + delta), y).backward()
        with torch.no_grad():
            delta += 0.05 * delta.grad.sign()
        delta.grad = None
        opt.zero_grad()
    opt.zero_grad()
    F.cross_entropy(net(x + delta.detach()), y).backward()
    opt.step()
