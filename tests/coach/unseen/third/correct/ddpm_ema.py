"""Tiny DDPM with an EMA copy used for sampling."""
import copy
import math
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(90)
T = 40
betas = torch.linspace(1e-3, 0.15, T)
alphas = 1.0 - betas
abar = torch.cumprod(alphas, dim=0)


def four_spots(n):
    corner = 2.0 * torch.randint(0, 2, (n, 2)) - 1.0
    return corner + 0.1 * torch.randn(n, 2)


class Denoiser(nn.Module):
    def __init__(self, h=64, n_freq=2):
        super().__init__()
        self.register_buffer("freq", 2.0 ** torch.arange(n_freq))
        self.inp, self.mid, self.out = nn.Linear(2 + 2 * n_freq, h), nn.Linear(h, h), nn.Linear(h, 2)

    def forward(self, x, t):
        ang = math.pi * (t.float() / T)[:, None] * self.freq
        h = F.silu(self.inp(torch.cat([x, ang.sin(), ang.cos()], dim=1)))
        h = h + F.silu(self.mid(h))
        return self.out(h)


net = Denoiser()
ema = copy.deepcopy(net).eval().requires_grad_(False)
opt = torch.optim.AdamW(net.parameters(), lr=1e-2)


@torch.no_grad()
def update_ema(decay=0.98):
    for pe, p in zip(ema.parameters(), net.parameters()):
        pe.lerp_(p, 1 - decay)


@torch.no_grad()
def sample(n):
    x = torch.randn(n, 2)
    for i in reversed(range(T)):
        t = torch.full((n,), i)
        eps = ema(x, t)
        x = (x - betas[i] / (1 - abar[i]).sqrt() * eps) / alphas[i].sqrt()
        x += betas[i].sqrt() * torch.randn_like(x) * (i > 0)
    return x


for step in range(500):
    x0, t = four_spots(128), torch.randint(0, T, (128,))
    noise = torch.randn_like(x0)
    a = abar[t].unsqueeze(1)
    xt = a.sqrt() * x0 + (1 - a).sqrt() * noise
    loss = F.mse_loss(net(xt, t), noise)
    opt.zero_grad()
    loss.backward()
    opt.step()
    update_ema()
    if step % 100 == 99:
        print(f"step {step + 1} eps-loss {loss.item():.4f}")
pts = sample(200)
print("median distance to the nearest spot:", (pts.abs() - 1).norm(dim=1).median().item())
