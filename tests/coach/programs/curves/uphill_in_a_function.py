"""Gradient descent from scratch whose update function goes up."""

import gradbook as torch

torch.manual_seed(2)
x = torch.randn(200, 3)
y = x @ torch.tensor([1.0, -2.0, 0.5]) + 3
weight, bias = torch.zeros(3, requires_grad=True), torch.zeros(1, requires_grad=True)


def update(params, rate, size):
    with torch.no_grad():
        for param in params:
            param += rate * param.grad / size  # coach: loss-diverged; fix: param -= rate * param.grad / size
            param.grad.zero_()


for epoch in range(5):
    for rows in torch.randperm(200).split(10):
        error = ((x[rows] @ weight + bias - y[rows]) ** 2).sum()
        error.backward()
        update([weight, bias], 0.03, 10)
    with torch.no_grad():
        print(epoch, ((x @ weight + bias - y) ** 2).mean().item())
