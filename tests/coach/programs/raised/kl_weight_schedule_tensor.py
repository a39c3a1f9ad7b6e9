"""A learned log-variance gives weights that are computed once per epoch, used in each batch."""

import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

net = nn.Sequential(nn.Linear(5, 10), nn.ReLU(), nn.Linear(10, 2))
log_vars = nn.Parameter(torch.zeros(2))
optimizer = torch.optim.Adam([*net.parameters(), log_vars], lr=1e-3)
dl = DataLoader(TensorDataset(torch.randn(40, 5), torch.randn(40, 2)), batch_size=10)
for epoch in range(2):
    weights = torch.exp(-log_vars)  # coach: backward-twice; fix: weights = torch.exp(-log_vars)
    for x, y in dl:
        err = (net(x) - y).pow(2).mean(0)
        loss = (weights * err + log_vars).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
