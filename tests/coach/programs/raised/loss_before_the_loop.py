"""Prediction and loss stand before the loop."""

import gradbook as torch
import gradbook.nn as nn

x = torch.linspace(-1, 1, 50).unsqueeze(1)
y = x**3
net = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))
opt = torch.optim.Adam(net.parameters(), lr=0.01)
mse = nn.MSELoss()

pred = net(x)
loss = mse(pred, y)  # coach: backward-twice; fix: loss = mse(pred, y)
for step in range(100):
    opt.zero_grad()
    loss.backward()
    opt.step()
