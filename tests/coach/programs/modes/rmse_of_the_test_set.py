"""Test error in NumPy after detach(): the graph was recorded all the same."""

import gradbook as torch
import gradbook.nn as nn
import numpy as np

net = nn.Sequential(nn.Linear(3, 20), nn.Tanh(), nn.Linear(20, 1))
optim = torch.optim.Adam(net.parameters(), lr=0.01)
x, y = torch.rand(50, 3), torch.rand(50, 1)
for t in range(8):
    loss = ((net(x) - y) ** 2).mean()
    optim.zero_grad()
    loss.backward()
    optim.step()
net.eval()
errors = []
for xb, yb in zip(torch.rand(4, 10, 3), torch.rand(4, 10, 1)):
    out = net(xb)  # coach: no-grad-missing; fix: with torch.no_grad():
    mse = nn.functional.mse_loss(out, yb)
    errors.append(float(mse))
print(np.sqrt(np.mean(errors)))
