"""Gradients are looked at and cleared, without any step: sensitivity analysis with an optimizer in sight."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
opt = torch.optim.Adam(net.parameters())
for epoch in range(5):
    loss = net(torch.randn(8, 4)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    x = torch.randn(5, 4, requires_grad=True)
    net(x).sum().backward()
    saliency = x.grad.abs().mean(0)
    opt.zero_grad()
