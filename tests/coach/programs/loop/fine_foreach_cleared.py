"""torch._foreach_zero_ style: the gradients are zeroed in one go through a list, in a step by hand."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
params = list(net.parameters())
for _ in range(10):
    loss = net(torch.randn(16, 3)).pow(2).mean()
    loss.backward()
    with torch.no_grad():
        for p in params:
            p.add_(p.grad, alpha=-0.05)
    grads = [p.grad for p in params]
    for g in grads:
        g.zero_()
