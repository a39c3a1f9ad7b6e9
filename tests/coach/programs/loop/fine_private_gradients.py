"""DP-SGD by hand: each sample's gradient is clipped and added up in buffers, then the optimizer steps with the sum."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Linear(4, 2)
opt = torch.optim.SGD(net.parameters(), lr=0.05)
X, y = torch.randn(24, 4), torch.randint(0, 2, (24,))
for start in range(0, 24, 6):
    sums = [torch.zeros_like(p) for p in net.parameters()]
    for k in range(start, start + 6):
        opt.zero_grad()
        nn.functional.cross_entropy(net(X[k : k + 1]), y[k : k + 1]).backward()
        norm = torch.sqrt(sum(p.grad.pow(2).sum() for p in net.parameters()))
        for s, p in zip(sums, net.parameters()):
            s += p.grad / torch.clamp(norm, min=1.0)
    for s, p in zip(sums, net.parameters()):
        p.grad = s / 6 + 0.01 * torch.randn_like(s)
    opt.step()
