import numpy as np

import gradbook as torch
from gradbook import nn

rng = np.random.default_rng(2)
area = rng.uniform(40, 250, 120)
rooms = rng.integers(1, 6, 120)
year = rng.uniform(1950, 2020, 120)
near = rng.uniform(0, 1, 120)
table = np.stack([area, rooms, year, near], axis=1)
X = torch.tensor(table, dtype=torch.float32)  # coach: input-not-normalised; fix: X = (X - X.mean(dim=0)) /
price = torch.tensor(0.3 * area + 5 * rooms + 20 * near, dtype=torch.float32).unsqueeze(1) / 100
net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(20):
    loss = nn.functional.mse_loss(net(X), price)
    opt.zero_grad()
    loss.backward()
    opt.step()
