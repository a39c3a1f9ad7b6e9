"""Gradients come from autograd.grad, and one leaf keeps a gradient that nobody uses."""

import gradbook as torch

a = torch.randn(4, requires_grad=True)
x, t = torch.randn(20, 4), torch.randn(20)
scale = torch.ones(1, requires_grad=True)
for _ in range(8):
    loss = ((x @ a * scale - t) ** 2).mean()
    (g,) = torch.autograd.grad(loss, [a], retain_graph=True)
    loss.backward()
    with torch.no_grad():
        a -= 0.1 * g
        a.grad = None
        scale.grad = None
