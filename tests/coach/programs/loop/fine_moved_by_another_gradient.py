"""Weights are moved by what autograd.grad gives; a second loss only leaves its gradients behind, unused, but read."""

import gradbook as torch

w = torch.randn(4, requires_grad=True)
v = torch.randn(4, requires_grad=True)
x = torch.randn(20, 4)
for i in range(8):
    fit = (x @ w - 1).pow(2).mean()
    (g,) = torch.autograd.grad(fit, [w])
    with torch.no_grad():
        w -= 0.1 * g
    (x @ (w * v)).pow(2).mean().backward()
    with torch.no_grad():
        v -= 0.1 * v.grad
    v.grad = None
