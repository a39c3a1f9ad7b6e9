"""Freezing and unfreezing in stages, with an image that is optimised in between."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Sequential(nn.Linear(6, 12), nn.Tanh(), nn.Linear(12, 2))
for p in net.parameters():
    p.requires_grad = False
image = torch.rand(1, 6, requires_grad=True)
for _ in range(4):
    loss = net(image)[0, 0]
    loss.backward()
    with torch.no_grad():
        image -= 0.1 * image.grad
    image.grad = None
net.requires_grad_(True)
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for _ in range(4):
    loss = nn.functional.cross_entropy(net(torch.randn(8, 6)), torch.randint(0, 2, (8,)))
    opt.zero_grad()
    loss.backward()
    opt.step()
