"""Gradient ascent on an image, as in deep dreams."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, 4, 3))
img = torch.rand(1, 1, 12, 12)
img.requires_grad_(True)
for _ in range(60):
    loss = net(img)[0, 1].pow(2).mean()
    loss.backward()
    with torch.no_grad():
        img += 0.2 * img.grad
        img.clamp_(0, 1)
        img.grad.zero_()
