"""(-loss).backward()."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.2)
x = torch.randn(30, 3)
y = x[:, :1] * 2
for step in range(80):
    loss = nn.functional.mse_loss(net(x), y)
    opt.zero_grad()
    (-loss).backward()  # coach: loss-diverged; fix: loss.backward()
    opt.step()
