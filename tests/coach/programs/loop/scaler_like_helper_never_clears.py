"""A helper does backward and step; nobody clears."""

import gradbook as torch
import gradbook.nn as nn


def optimise(loss, optimizer):
    loss.backward()  # coach: missing-zero-grad; fix: optimizer.zero_grad()
    optimizer.step()


net = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 1))
adam = torch.optim.Adam(net.parameters(), lr=1e-3)
for i in range(8):
    x = torch.randn(4, 3)
    optimise(nn.functional.mse_loss(net(x), x.sum(1, keepdim=True)), adam)
