"""A mask that NumPy has made turns the hidden layer to float64; a cast further on hides it."""

import numpy as np

import gradbook as torch
from gradbook import nn


class Masked(nn.Module):
    def __init__(self, features=10, hidden=16):
        super().__init__()
        keep = np.random.default_rng(0).random(hidden) > 0.3
        self.mask = torch.tensor(keep / keep.mean())  # coach: dtype-creep; fix: dtype=torch.float32
        self.a, self.b = nn.Linear(features, hidden), nn.Linear(hidden, 2)

    def forward(self, x):
        h = torch.relu(self.a(x)) * self.mask
        return self.b(h.float())


model = Masked()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
x, y = torch.randn(24, 10), torch.randint(0, 2, (24,))
for _ in range(5):
    loss = nn.functional.cross_entropy(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
