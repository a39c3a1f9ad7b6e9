"""The gradient is asked for with autograd.grad, then the same loss goes backward."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Sequential(nn.Linear(4, 10), nn.Tanh(), nn.Linear(10, 2))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for _ in range(3):
    x, y = torch.randn(8, 4), torch.randint(0, 2, (8,))
    loss = nn.functional.cross_entropy(net(x), y)
    norms = torch.autograd.grad(loss, list(net.parameters()))  # coach: backward-twice; fix: retain_graph=True
    print(sum(g.norm() for g in norms))
    opt.zero_grad()
    loss.backward()
    opt.step()
