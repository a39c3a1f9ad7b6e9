"""A minimum by gradient descent; the start is a number without requires_grad."""

import gradbook as torch


def f(x):
    return (x - 2) ** 4 + x**2


x = torch.tensor(5.0)  # coach: nothing-requires-grad; fix: x = torch.tensor(5.0, requires_grad=True)
for i in range(20):
    y = f(x)
    y.backward()
    with torch.no_grad():
        x -= 0.01 * x.grad
    x.grad = None
