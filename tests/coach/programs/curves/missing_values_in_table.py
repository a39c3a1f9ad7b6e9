import numpy as np

import gradbook as torch
from gradbook import nn

table = np.random.default_rng(0).normal(size=(80, 5)).astype("float32")
table[13, 2] = np.nan
X = torch.tensor(table[:, :4])  # coach: nan-origin; fix: torch.nan_to_num(X)
y = torch.tensor(table[:, 4:])
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(8):
    loss = ((model(X) - y) ** 2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
