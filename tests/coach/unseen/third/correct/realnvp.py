import math
import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(18)


class AffineCoupling(nn.Module):
    def __init__(self, dim, mask, hidden=40):
        super().__init__()
        self.register_buffer("mask", mask)
        self.scale = nn.Sequential(nn.Linear(dim, hidden), nn.Tanh(), nn.Linear(hidden, dim), nn.Tanh())
        self.shift = nn.Sequential(nn.Linear(dim, hidden), nn.Tanh(), nn.Linear(hidden, dim))

    def forward(self, x):
        kept = x * self.mask
        s = self.scale(kept) * (1 - self.mask)
        t = self.shift(kept) * (1 - self.mask)
        return kept + (1 - self.mask) * (x * s.exp() + t), s.sum(dim=1)

    def inverse(self, y):
        kept = y * self.mask
        s = self.scale(kept) * (1 - self.mask)
        t = self.shift(kept) * (1 - self.mask)
        return kept + (1 - self.mask) * (y - t) * (-s).exp()


class Flow(nn.Module):
    def __init__(self, dim=2, depth=6):
        super().__init__()
        first = torch.tensor([1.0, 0.0])
        self.couplings = nn.ModuleList([AffineCoupling(dim, first if i % 2 == 0 else 1 - first) for i in range(depth)])

    def log_prob(self, x):
        log_det = x.new_zeros(len(x))
        for c in self.couplings:
            x, ld = c(x)
            log_det += ld
        return -0.5 * (x.square() + math.log(2 * math.pi)).sum(1) + log_det

    @torch.no_grad()
    def sample(self, n):
        z = torch.randn(n, 2)
        for c in reversed(self.couplings):
            z = c.inverse(z)
        return z


a = 2 * math.pi * torch.rand(1200)
r = 1.2 + 0.12 * torch.randn(1200)
train = DataLoader(TensorDataset(torch.stack([r * a.cos(), r * a.sin()], 1)), batch_size=100, shuffle=True)
flow = Flow()
opt = torch.optim.Adam(flow.parameters(), lr=4e-3)
for epoch in range(8):
    running, count = 0.0, 0
    for (x,) in train:
        loss = -flow.log_prob(x).mean()
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(flow.parameters(), 10.0)
        opt.step()
        running, count = running + loss.item() * len(x), count + len(x)
    print(f"epoch {epoch}  nll {running / count:.3f}")
print("radius of samples", flow.sample(400).norm(dim=1).median().item())
