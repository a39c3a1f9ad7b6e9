"""total is a float: backward() is no method of it."""

import gradbook as torch
import gradbook.nn as nn


def epoch_loss(model, batches):
    total = 0.0
    for x, y in batches:
        total += nn.functional.mse_loss(model(x), y).item()  # coach: detached-graph; fix: total += nn.functional.mse_loss(model(x), y)
    return total / len(batches)


model = nn.Linear(2, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
batches = [(torch.randn(4, 2), torch.randn(4, 1)) for _ in range(3)]
for epoch in range(3):
    loss = epoch_loss(model, batches)
    opt.zero_grad()
    loss.backward()
    opt.step()
