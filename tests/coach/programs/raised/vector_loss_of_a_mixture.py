"""The loss of each of two heads is kept apart by a stack; torch.autograd.backward is used."""

import gradbook as torch
import gradbook.nn as nn

trunk, a, b = nn.Linear(4, 8), nn.Linear(8, 1), nn.Linear(8, 1)
opt = torch.optim.Adam([*trunk.parameters(), *a.parameters(), *b.parameters()])
for _ in range(2):
    z = torch.relu(trunk(torch.randn(5, 4)))
    losses = torch.stack([a(z).pow(2).mean(), b(z).abs().mean()])
    opt.zero_grad()
    losses.backward()  # coach: non-scalar-backward; fix: losses.sum().backward()
    opt.step()
