"""Cleared at each fourth batch, but stepped at each: neither accumulation nor plain training."""

import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(7)
loader = DataLoader(TensorDataset(torch.randn(96, 5), torch.randn(96, 1)), batch_size=8, shuffle=True)
net = nn.Sequential(nn.Linear(5, 12), nn.Tanh(), nn.Linear(12, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.01)
for i, (x, y) in enumerate(loader):
    if i % 4 == 0:
        opt.zero_grad()
    loss = nn.functional.mse_loss(net(x), y)
    loss.backward()  # coach: missing-zero-grad; fix: opt.zero_grad()
    opt.step()
