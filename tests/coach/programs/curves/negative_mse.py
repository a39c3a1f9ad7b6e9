"""The loss has its sign turned: -F.mse_loss has no bottom."""

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
X = torch.randn(64, 4)
y = X.sum(1, keepdim=True)
for epoch in range(60):
    optimizer.zero_grad()
    loss = -F.mse_loss(net(X), y)  # coach: loss-diverged; fix: loss = F.mse_loss(net(X), y)
    loss.backward()
    optimizer.step()
