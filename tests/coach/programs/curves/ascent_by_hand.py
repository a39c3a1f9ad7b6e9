"""Gradient ascent in place of descent in an update by hand."""

import gradbook as torch

x = torch.randn(50, 3)
y = x @ torch.tensor([1.0, -2.0, 3.0])
w = torch.zeros(3, requires_grad=True)
for i in range(100):
    loss = ((x @ w - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w += 0.1 * w.grad  # coach: loss-diverged; fix: w -= 0.1 * w.grad
        w.grad.zero_()
