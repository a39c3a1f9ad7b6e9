"""Adam written by hand over a list of parameters, without clearing."""

import gradbook as torch

w1 = (torch.randn(4, 8) * 0.3).requires_grad_()
w2 = (torch.randn(8, 1) * 0.3).requires_grad_()
params = [w1, w2]
m = [torch.zeros_like(p) for p in params]
v = [torch.zeros_like(p) for p in params]
X = torch.randn(32, 4)
Y = X[:, :1] * X[:, 1:2]
for t in range(1, 13):
    loss = ((torch.tanh(X @ w1) @ w2 - Y) ** 2).mean()
    loss.backward()  # coach: missing-zero-grad; fix: p.grad = None
    with torch.no_grad():
        for i, p in enumerate(params):
            m[i] = 0.9 * m[i] + 0.1 * p.grad
            v[i] = 0.999 * v[i] + 0.001 * p.grad**2
            p -= 0.01 * (m[i] / (1 - 0.9**t)) / ((v[i] / (1 - 0.999**t)).sqrt() + 1e-8)
