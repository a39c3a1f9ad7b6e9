"""Columns that are not standardised, of scales that a network can begin with: none is far larger than all the rest."""

import gradbook as torch
import gradbook.nn as nn

torch.manual_seed(11)
share = 100 * torch.rand(200)
celsius = 12 + 6 * torch.randn(200)
weekend = (torch.rand(200) < 0.3).float()
sold = torch.stack([share, celsius, weekend], dim=1)
target = (share / 50 - 1 + 0.5 * weekend).unsqueeze(1)

net = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for step in range(40):
    rows = torch.randint(0, 200, (32,))
    loss = nn.functional.mse_loss(net(sold[rows]), target[rows])
    opt.zero_grad()
    loss.backward()
    opt.step()
