"""NumPy's numbers made float32 at once; metrics summed in float64; numbers of NumPy's that stand alone."""

import numpy as np

import gradbook as torch
from gradbook import nn

rng = np.random.default_rng(0)
x = torch.tensor(rng.normal(size=(64, 5)), dtype=torch.float32)
y = torch.from_numpy(rng.normal(size=(64, 1)).astype(np.float32))
weights = torch.from_numpy(rng.random(64)).float()
scale = np.float64(0.5)
offset = torch.tensor(np.float64(0.1))
net = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
total = torch.zeros((), dtype=torch.float64)
for _ in range(6):
    out = net(x) * scale + offset
    loss = (weights[:, None] * (out - y) ** 2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    total += loss.detach().double()
    mae = np.abs(out.detach().numpy().astype(np.float64) - y.numpy()).mean()
