"""The sum of all losses so far goes backward in each step."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.01)
total_loss = 0.0
for x in torch.randn(6, 10, 3):
    loss = (net(x) - x.sum(1, keepdim=True)).pow(2).mean()
    total_loss = total_loss + loss  # coach: backward-twice
    opt.zero_grad()
    total_loss.backward()
    opt.step()
