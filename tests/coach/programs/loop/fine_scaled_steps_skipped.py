"""AMP-like training skips steps whose gradients are not finite, and clears them at once."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Linear(4, 2)
opt = torch.optim.SGD(net.parameters(), lr=0.05)
for i in range(12):
    loss = nn.functional.cross_entropy(net(torch.randn(8, 4)), torch.randint(0, 2, (8,)))
    loss.backward()
    if i % 4 == 3:
        opt.zero_grad()
        continue
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    opt.step()
    opt.zero_grad()
