"""Two losses on one trunk with retain_graph, a second-order penalty, and per-head gradients: nothing is walked in vain."""

import gradbook as torch
import gradbook.nn as nn

trunk, h1, h2 = nn.Linear(4, 8), nn.Linear(8, 1), nn.Linear(8, 1)
opt = torch.optim.Adam([*trunk.parameters(), *h1.parameters(), *h2.parameters()], lr=1e-3)
for _ in range(6):
    x = torch.randn(10, 4)
    z = torch.tanh(trunk(x))
    a, b = h1(z).pow(2).mean(), h2(z).abs().mean()
    opt.zero_grad()
    a.backward(retain_graph=True)
    b.backward()
    opt.step()
