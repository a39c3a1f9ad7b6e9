"""A running mean is updated in place although it is part of the output."""

import gradbook as torch
import gradbook.nn as nn


class RunningNorm(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(n))
        self.register_buffer("mean", torch.zeros(n))

    def forward(self, x):
        out = (x - self.mean) * self.scale
        weighted = out * self.mean
        self.mean.mul_(0.9).add_(0.1 * x.detach().mean(0))  # coach: inplace-breaks-backward
        return weighted + out


net = nn.Sequential(nn.Linear(4, 6), RunningNorm(6), nn.Linear(6, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(3):
    loss = net(torch.randn(8, 4)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
