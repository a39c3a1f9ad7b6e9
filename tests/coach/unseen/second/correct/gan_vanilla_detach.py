"""Vanilla GAN on a two-dimensional ring of Gaussians, non-saturating loss."""
import math

import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)
G = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 2))
D = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
opt_g = torch.optim.Adam(G.parameters(), lr=2e-3, betas=(0.5, 0.999))
opt_d = torch.optim.Adam(D.parameters(), lr=2e-3, betas=(0.5, 0.999))


def real_batch(n):
    k = torch.randint(0, 6, (n,)).float()
    angle = k * (2 * math.pi / 6)
    return torch.stack([angle.cos(), angle.sin()], dim=1) + 0.05 * torch.randn(n, 2)


n = 64
ones, zeros = torch.ones(n, 1), torch.zeros(n, 1)
for step in range(80):
    real = real_batch(n)
    fake = G(torch.randn(n, 4))

    d_loss = F.binary_cross_entropy_with_logits(D(real), ones) \
        + F.binary_cross_entropy_with_logits(D(fake.detach()), zeros)
    opt_d.zero_grad()
    d_loss.backward()
    opt_d.step()

    g_loss = F.binary_cross_entropy_with_logits(D(fake), ones)
    opt_g.zero_grad()
    g_loss.backward()
    opt_g.step()
    if step % 20 == 0 or step == 79:
        spread = fake.detach().std(0).mean().item()
        print(f"{step:3d}  D {d_loss.item():.3f}  G {g_loss.item():.3f}  spread {spread:.3f}")
