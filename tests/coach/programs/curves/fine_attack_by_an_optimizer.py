"""A perturbation that maximises the error of a fixed model, and an unlearning step that is meant so: minus is right."""

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

net = nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 3))
for p in net.parameters():
    p.requires_grad_(False)
x, y = torch.randn(10, 6), torch.randint(0, 3, (10,))
delta = torch.zeros(10, 6, requires_grad=True)
opt = torch.optim.Adam([delta], lr=0.3)
for _ in range(40):
    loss = -F.cross_entropy(net(x + delta), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    with torch.no_grad():
        delta.clamp_(-3, 3)
