"""Linear regression by hand: the gradients of the weights are never cleared."""

import gradbook as torch

torch.manual_seed(0)
x = torch.randn(50, 2)
y = x @ torch.tensor([[1.5], [-2.0]]) + 0.3
w = torch.randn(2, 1, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
lr = 0.01

for epoch in range(30):
    loss = ((x @ w + b - y) ** 2).mean()
    loss.backward()  # coach: missing-zero-grad; fix: w.grad = None
    with torch.no_grad():
        w -= lr * w.grad
        b -= lr * b.grad
