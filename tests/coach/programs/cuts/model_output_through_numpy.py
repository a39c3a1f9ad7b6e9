"""A calibration in NumPy between the model and its loss, in a function."""

import gradbook as torch
import gradbook.nn as nn
import numpy as np


def calibrate(t):
    values = t.detach().cpu().numpy()  # coach: detached-graph
    values = np.clip(values, -3, 3)
    return torch.from_numpy(values).requires_grad_()


net = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
mse = nn.MSELoss()
for i in range(6):
    x = torch.randn(12, 5)
    pred = calibrate(net(x))
    loss = mse(pred, x[:, :1])
    opt.zero_grad()
    loss.backward()
    opt.step()
