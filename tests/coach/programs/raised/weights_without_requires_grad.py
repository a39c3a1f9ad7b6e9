"""Linear regression from scratch: the weights never ask for a gradient."""

import gradbook as torch

X = torch.linspace(0, 1, 30).unsqueeze(1)
Y = 3 * X + 1
weight = torch.randn(1, 1)  # coach: nothing-requires-grad; fix: weight = torch.randn(1, 1, requires_grad=True)
bias = torch.zeros(1)

for epoch in range(50):
    pred = X @ weight + bias
    loss = torch.mean((pred - Y) ** 2)
    loss.backward()
    with torch.no_grad():
        weight -= 0.1 * weight.grad
        bias -= 0.1 * bias.grad
        weight.grad.zero_()
        bias.grad.zero_()
