"""step() has slipped out of all loops."""

import gradbook as torch
import gradbook.nn as nn


def train(model, x, y, epochs):
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for epoch in range(epochs):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        print(loss.item())
    optimizer.step()  # coach: optimizer-call-order; fix: optimizer.step()


train(nn.Linear(3, 1), torch.randn(12, 3), torch.randn(12, 1), 6)
