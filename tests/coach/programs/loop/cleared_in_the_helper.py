"""A function steps, and clears before it does."""

import gradbook as torch
import gradbook.nn as nn


def update(optimizer):
    optimizer.zero_grad()  # coach: optimizer-call-order; fix: optimizer.zero_grad()
    optimizer.step()


model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2))
adam = torch.optim.Adam(model.parameters())
for i in range(8):
    out = model(torch.randn(6, 3))
    loss = nn.functional.cross_entropy(out, torch.randint(0, 2, (6,)))
    loss.backward()
    update(adam)
