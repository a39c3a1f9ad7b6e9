"""Both losses are computed and printed, one goes backward in turn, and all optimizers step."""

import gradbook as torch
import gradbook.nn as nn

a, b = nn.Linear(4, 1), nn.Linear(4, 1)
opts = [torch.optim.Adam(m.parameters(), lr=1e-2) for m in (a, b)]
for i in range(12):
    x = torch.randn(10, 4)
    losses = [(a(x) - x[:, :1]).pow(2).mean(), (b(x) - x[:, 1:2]).pow(2).mean()]
    for opt in opts:
        opt.zero_grad()
    losses[(i // 6) % 2].backward()
    for opt in opts:
        opt.step()
    print([loss.item() for loss in losses])
