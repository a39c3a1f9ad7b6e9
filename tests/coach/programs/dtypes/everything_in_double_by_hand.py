"""A two-layer network by hand, on NumPy's numbers: all of it is in float64."""

import numpy as np

import gradbook as torch

np.random.seed(0)
x = torch.tensor(np.random.rand(40, 3))  # coach: dtype-creep; fix: dtype=torch.float32
t = torch.tensor(np.random.rand(40, 1))
w1 = torch.tensor(np.random.randn(3, 6) * 0.5, requires_grad=True)
w2 = torch.tensor(np.random.randn(6, 1) * 0.5, requires_grad=True)


def step(rate=0.1):
    prediction = torch.tanh(x @ w1) @ w2
    loss = ((prediction - t) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        for w in (w1, w2):
            w -= rate * w.grad
            w.grad = None
    return loss.item()


for i in range(8):
    step()
