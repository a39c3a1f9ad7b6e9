"""Least-squares GAN; the discriminator's parameters are frozen while the generator takes its turn."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(1)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(8, 32, bias=False), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 16), nn.Tanh())

    def forward(self, z):
        return self.net(z)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(16, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))

    def forward(self, x):
        return self.net(x).squeeze(1)


def requires_grad(module, flag):
    for p in module.parameters():
        p.requires_grad_(flag)


t = torch.linspace(0, 6.28, 16)
g, d = Generator(), Discriminator()
opt = {"g": torch.optim.Adam(g.parameters(), lr=2e-3, betas=(0.5, 0.99)),
       "d": torch.optim.Adam(d.parameters(), lr=1e-3, betas=(0.5, 0.99))}

for it in range(60):
    phase = 6.28 * torch.rand(32, 1)
    real = 0.8 * torch.sin(t + phase)

    requires_grad(d, True)
    opt["d"].zero_grad()
    with torch.no_grad():
        fake = g(torch.randn(32, 8))
    pred_real, pred_fake = d(real), d(fake)
    loss_d = 0.5 * (F.mse_loss(pred_real, torch.ones_like(pred_real))
                    + F.mse_loss(pred_fake, torch.zeros_like(pred_fake)))
    loss_d.backward()
    opt["d"].step()

    requires_grad(d, False)
    opt["g"].zero_grad()
    score = d(g(torch.randn(32, 8)))
    loss_g = F.mse_loss(score, torch.ones_like(score))
    loss_g.backward()
    opt["g"].step()
    if it % 15 == 0 or it == 59:
        print(f"it {it:2d} d {loss_d.item():.3f} g {loss_g.item():.3f}")
