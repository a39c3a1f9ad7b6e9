"""A model whose parameters are moved through .data in a function."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Sequential(nn.Linear(4, 12), nn.ReLU(), nn.Linear(12, 1))


def sgd_step(params, lr):
    for p in params:
        p.data -= lr * p.grad


def train(x, y, steps):
    for _ in range(steps):
        loss = nn.functional.mse_loss(net(x), y)
        loss.backward()  # coach: missing-zero-grad; fix: net.zero_grad()
        sgd_step(net.parameters(), 1e-2)


train(torch.randn(40, 4), torch.randn(40, 1), 12)
