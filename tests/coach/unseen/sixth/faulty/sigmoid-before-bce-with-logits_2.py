"""Vanilla GAN (Goodfellow et al. 2014) on a ring of Gaussians, non-saturating G loss."""
import math
import gradbook as torch
from gradbook import nn

torch.manual_seed(14)


def real_batch(n):
    k = torch.randint(0, 6, (n,)).float() * (2 * math.pi / 6)
    return torch.stack([k.cos(), k.sin()], 1) * 1.3 + 0.1 * torch.randn(n, 2)


G = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 2))
D = nn.Sequential(
    nn.Linear(2, 32), nn.LeakyReLU(0.2),
    nn.Linear(32, 32), nn.LeakyReLU(0.2),
    nn.Linear(32, 1),
    nn.Sigmoid(),  # coach: sigmoid-before-bce-with-logits
)
bce = nn.BCEWithLogitsLoss()  # coach-line: sigmoid-before-bce-with-logits
opt_g = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.999))
opt_d = torch.optim.Adam(D.parameters(), lr=1e-3, betas=(0.5, 0.999))

n = 64
ones, zeros = torch.ones(n, 1), torch.zeros(n, 1)
for it in range(150):
    fake = G(torch.randn(n, 4))
    d_loss = bce(D(real_batch(n)), ones) + bce(D(fake.detach()), zeros)
    opt_d.zero_grad()
    d_loss.backward()
    opt_d.step()

    g_loss = bce(D(fake), ones)
    opt_g.zero_grad()
    g_loss.backward()
    opt_g.step()
    if it % 50 == 49:
        print(it + 1, round(d_loss.item(), 3), round(g_loss.item(), 3))
