"""Gradients of four batches are accumulated by hand, then used and cleared."""

import gradbook as torch

w = torch.randn(3, requires_grad=True)
x, y = torch.randn(64, 3), torch.randn(64)
for step in range(8):
    for k in range(4):
        idx = slice(16 * k, 16 * k + 16)
        loss = ((x[idx] @ w - y[idx]) ** 2).mean() / 4
        loss.backward()
    with torch.no_grad():
        w -= 0.05 * w.grad
    w.grad.zero_()
