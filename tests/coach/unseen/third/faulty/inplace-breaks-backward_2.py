# RealNVP on two moons
import math
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(17)


def two_moons(n):
    t = torch.rand(n) * math.pi
    up = torch.rand(n) < 0.5
    x = torch.where(up, t.cos(), 1 - t.cos())
    y = torch.where(up, t.sin(), 0.5 - t.sin())
    pts = torch.stack([x, y], 1) + 0.07 * torch.randn(n, 2)
    return (pts - pts.mean(0)) / pts.std(0)


class Coupling(nn.Module):
    def __init__(self, keep):
        super().__init__()
        self.keep, self.move = keep, 1 - keep
        self.net = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 2))

    def forward(self, x):
        s, t = self.net(x[:, self.keep:self.keep + 1]).chunk(2, dim=1)
        s = torch.tanh(s)
        x[:, self.move:self.move + 1] = x[:, self.move:self.move + 1] * s.exp() + t  # coach: inplace-breaks-backward
        return x, s.sum(1)


class RealNVP(nn.Module):
    def __init__(self, depth=4):
        super().__init__()
        self.layers = nn.ModuleList(Coupling(i % 2) for i in range(depth))

    def log_prob(self, x):
        total = 0.0
        for layer in self.layers:
            x, logdet = layer(x)
            total = total + logdet
        base = -0.5 * (x ** 2 + math.log(2 * math.pi)).sum(1)
        return base + total


flow = RealNVP()
loader = DataLoader(TensorDataset(two_moons(512)), batch_size=64, shuffle=True)
opt = torch.optim.Adam(flow.parameters(), lr=5e-3)

for epoch in range(5):
    for (xb,) in loader:
        opt.zero_grad()
        nll = -flow.log_prob(xb).mean()
        nll.backward()
        opt.step()
    print(epoch, nll.item())
