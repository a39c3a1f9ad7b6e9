"""Predictions of a list comprehension are put into torch.tensor."""

import gradbook as torch
import gradbook.nn as nn


def predict(net, rows):
    return torch.tensor([net(row) for row in rows], requires_grad=True)  # coach: detached-graph; fix: torch.stack([net(row) for row in rows])


net = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 1))
sgd = torch.optim.SGD(net.parameters(), lr=0.1)
X, y = torch.randn(10, 3), torch.randn(10)
for epoch in range(5):
    out = predict(net, X)
    loss = nn.functional.mse_loss(out, y)
    sgd.zero_grad()
    loss.backward()
    sgd.step()
