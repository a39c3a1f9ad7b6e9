"""Gradient descent by hand that forgets no_grad."""

import gradbook as torch

X = torch.randn(40, 3)
y = X @ torch.tensor([2.0, -1.0, 0.5])
w = torch.zeros(3, requires_grad=True)


def fit(lr=0.1, n=10):
    for i in range(n):
        loss = ((X @ w - y) ** 2).mean()
        loss.backward()
        w.sub_(lr * w.grad)  # coach: inplace-breaks-backward; fix: with torch.no_grad(): w.sub_(lr * w.grad)
        w.grad.zero_()


fit()
