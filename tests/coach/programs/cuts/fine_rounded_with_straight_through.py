"""Quantised activations with a straight-through estimator, and a rounded number for the log."""

import gradbook as torch
import gradbook.nn as nn


class Quantised(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(4, 8), nn.Linear(8, 1)

    def forward(self, x):
        h = torch.tanh(self.a(x))
        q = h + (torch.round(h * 8) / 8 - h).detach()
        return self.b(q)


net = Quantised()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for _ in range(8):
    x = torch.randn(16, 4)
    out = net(x)
    loss = (out - x[:, :1]).pow(2).mean() + 0.01 * torch.sign(net.a.weight).sum() * 0 + net.a.weight.abs().mean() * 1e-3
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(torch.round(out, decimals=1)[0])
