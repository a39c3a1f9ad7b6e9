"""-cosine similarity has its bottom at -1; gradient ascent on an input has a bound, too."""

import gradbook as torch
import gradbook.nn as nn

f = nn.Linear(5, 4)
opt = torch.optim.SGD(f.parameters(), lr=0.1)
target = torch.randn(20, 4)
z = torch.randn(20, 5, requires_grad=True)
for _ in range(60):
    loss = -nn.functional.cosine_similarity(f(z), target, dim=1).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    with torch.no_grad():
        z += 0.05 * z.grad.clamp(-1, 1)
        z.clamp_(-2, 2)
    z.grad = None
