"""Manual gradient descent: the weights are moved before the second of two losses goes backward."""

import gradbook as torch

w1 = torch.randn(3, 8, requires_grad=True)
w2 = torch.randn(8, 1, requires_grad=True)
x, y = torch.randn(30, 3), torch.randn(30, 1)
for i in range(5):
    h = torch.tanh(x @ w1)
    out = h @ w2
    fit = ((out - y) ** 2).mean()
    smooth = (h @ w2).abs().mean()
    (g,) = torch.autograd.grad(fit, [w2], retain_graph=True)
    with torch.no_grad():
        w2 -= 0.1 * g  # coach: inplace-breaks-backward
    smooth.backward()
    w1.grad = None
