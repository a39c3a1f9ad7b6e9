"""Normalising flow with affine coupling layers and alternating masks, maximum likelihood on two moons."""
import math

import gradbook as torch
from gradbook import nn

torch.manual_seed(0)


class Coupling(nn.Module):
    def __init__(self, mask):
        super().__init__()
        self.register_buffer("mask", mask)
        self.net = nn.Sequential(nn.Linear(2, 24), nn.ReLU(), nn.Linear(24, 4))

    def forward(self, x):
        kept = x * self.mask
        s, t = self.net(kept).chunk(2, dim=1)
        s = torch.tanh(s) * (1 - self.mask)
        t = t * (1 - self.mask)
        return kept + (1 - self.mask) * (x * s.exp() + t), s.sum(1)


class Flow(nn.Module):
    def __init__(self, n=4):
        super().__init__()
        masks = [torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])]
        self.layers = nn.ModuleList(Coupling(masks[i % 2]) for i in range(n))

    def log_prob(self, x):
        logdet = torch.zeros(x.size(0))
        for layer in self.layers:
            x, ld = layer(x)
            logdet = logdet + ld
        base = -0.5 * x.pow(2).sum(1) - math.log(2 * math.pi)
        return base + logdet


def moons(n):
    a = math.pi * torch.rand(n)
    up = torch.rand(n) < 0.5
    px = torch.where(up, a.cos(), 1 - a.cos()) - 0.5
    py = torch.where(up, a.sin(), 0.5 - a.sin()) - 0.25
    return torch.stack([px, 2 * py], 1) + 0.05 * torch.randn(n, 2)


flow = Flow()
opt = torch.optim.Adam(flow.parameters(), lr=1e-2)
for step in range(60):
    nll = -flow.log_prob(moons(96)).mean()
    opt.zero_grad()
    nll.backward()
    nn.utils.clip_grad_norm_(flow.parameters(), 5.0)
    opt.step()
    if step % 15 == 0 or step == 59:
        print(step, round(nll.item(), 4))
