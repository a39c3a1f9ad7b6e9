"""Python's, NumPy's and the engine's random numbers are seeded, by a function that many programs have."""
# coach-not: unseeded

import random

import gradbook as torch
import numpy as np
from gradbook import nn


def set_seed(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


set_seed(1)
x = torch.from_numpy(np.random.randn(48, 4).astype("float32"))
y = x[:, :1] * x[:, 1:2]
for width in (8, 16):
    net = nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, 1))
    opt = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(10):
        rows = random.sample(range(48), 16)
        opt.zero_grad()
        nn.functional.mse_loss(net(x[rows]), y[rows]).backward()
        opt.step()
