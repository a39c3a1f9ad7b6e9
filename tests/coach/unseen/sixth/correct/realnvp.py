"""RealNVP density estimation, checkerboard masks in 2-D, zero-initialised last layers."""
import math
import gradbook as torch
from gradbook import nn

torch.manual_seed(3)


class Coupling(nn.Module):
    def __init__(self, mask, hid=32):
        super().__init__()
        self.register_buffer("m", mask)
        self.st = nn.Sequential(nn.Linear(2, hid), nn.ReLU(), nn.Linear(hid, hid), nn.ReLU(), nn.Linear(hid, 4))
        nn.init.zeros_(self.st[-1].weight)
        nn.init.zeros_(self.st[-1].bias)

    def forward(self, x):
        s, t = self.st(x * self.m).chunk(2, 1)
        s, t = torch.tanh(s) * (1 - self.m), t * (1 - self.m)
        return x * torch.exp(s) + t, s.sum(1)

    def inverse(self, z):
        s, t = self.st(z * self.m).chunk(2, 1)
        s, t = torch.tanh(s) * (1 - self.m), t * (1 - self.m)
        return (z - t) * torch.exp(-s)


class RealNVP(nn.Module):
    def __init__(self, depth=6):
        super().__init__()
        m = torch.tensor([1.0, 0.0])
        self.layers = nn.ModuleList(Coupling(m if i % 2 else 1 - m) for i in range(depth))

    def log_prob(self, x):
        logdet = x.new_zeros(len(x))
        for c in self.layers:
            x, ld = c(x)
            logdet = logdet + ld
        return logdet - 0.5 * x.pow(2).sum(1) - math.log(2 * math.pi)

    @torch.no_grad()
    def sample(self, n):
        z = torch.randn(n, 2)
        for c in reversed(self.layers):
            z = c.inverse(z)
        return z


x = torch.randn(1500, 2)
x[:, 1] = x[:, 0] ** 2 + 0.4 * x[:, 1]
x = (x - x.mean(0)) / x.std(0)
train, held = x[:1200], x[1200:]

flow = RealNVP()
opt = torch.optim.Adam(flow.parameters(), lr=2e-3)
for epoch in range(8):
    for idx in torch.randperm(1200).split(100):
        loss = -flow.log_prob(train[idx]).mean()
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(flow.parameters(), 5.0)
        opt.step()
    with torch.no_grad():
        print(epoch, f"held-out nll {-flow.log_prob(held).mean().item():.3f}")
print(flow.sample(4))
