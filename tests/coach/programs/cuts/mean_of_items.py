"""Losses of the samples are collected as numbers, and their mean is made a tensor."""

import gradbook as torch
import gradbook.nn as nn

model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
data = [(torch.randn(4), torch.randn(1)) for _ in range(12)]
for epoch in range(5):
    losses = []
    for x, y in data:
        loss = (model(x) - y).pow(2).sum()
        losses.append(loss.item())  # coach: detached-graph; fix: losses.append(loss)
    total = torch.tensor(sum(losses) / len(losses), requires_grad=True)
    optimizer.zero_grad()
    total.backward()
    optimizer.step()
