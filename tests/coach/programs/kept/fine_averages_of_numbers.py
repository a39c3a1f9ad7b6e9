"""Averages of numbers, of detached losses, an average that goes backward itself, weights averaged."""

import gradbook as torch
from gradbook import nn


class Meter:
    def __init__(self):
        self.total, self.n = 0.0, 0

    def update(self, value, n=1):
        self.total += value * n
        self.n += n


net, meter, ema, smooth = nn.Linear(4, 1), Meter(), 0.0, torch.zeros(())
opt = torch.optim.Adam(net.parameters(), lr=0.01)
averaged = [p.detach().clone() for p in net.parameters()]
x = torch.randn(64, 4)
for step in range(8):
    loss, previous = 0.0, None
    for part in x.chunk(4):
        now = net(part).pow(2).mean()
        previous = now if previous is None else 0.5 * previous + 0.5 * now
        loss = loss + previous
    opt.zero_grad()
    loss.backward()
    opt.step()
    meter.update(loss.item(), len(x))
    ema = 0.9 * ema + 0.1 * loss.item()
    smooth = 0.9 * smooth + 0.1 * loss.detach()
    with torch.no_grad():
        for a, p in zip(averaged, net.parameters()):
            a.mul_(0.9).add_(0.1 * p)
