"""Pictures with noise, on the scale of bytes, in a convolution."""

import gradbook as torch
from gradbook import nn, optim

torch.manual_seed(0)
kind = torch.randint(0, 2, (96,))
plain = 60 + 120 * torch.rand(2, 1, 8, 8)
pictures = (plain[kind] + 15 * torch.randn(96, 1, 8, 8)).clamp(0, 255)  # coach: input-not-normalised; fix: / 255
net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
adam = optim.Adam(net.parameters(), lr=1e-3)  # coach-also: suspicious-initial-loss
for _ in range(4):
    for rows in torch.randperm(96).split(24):
        adam.zero_grad()
        nn.functional.cross_entropy(net(pictures[rows]), kind[rows]).backward()
        adam.step()
