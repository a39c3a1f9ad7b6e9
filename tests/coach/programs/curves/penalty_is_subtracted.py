"""A sparse code whose penalty has the wrong sign: the loss falls without an end."""

import gradbook as torch
from gradbook import nn, optim

torch.manual_seed(1)
codes, rows = nn.Linear(8, 12), nn.Linear(12, 8)
data = torch.randn(128, 8)
adam = optim.Adam([*codes.parameters(), *rows.parameters()], lr=0.05)
for _ in range(80):
    for part in data[torch.randperm(128)].split(32):
        h = torch.relu(codes(part))
        error, size = ((rows(h) - part) ** 2).mean(), (h**2).sum(1).mean()
        loss = error - size  # coach: loss-diverged; fix: loss = error + size
        adam.zero_grad()
        loss.backward()  # coach-also: exploding-gradients, update-ratio-high
        adam.step()
