import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.nn.utils.parametrizations import spectral_norm

torch.manual_seed(66)


class Disc(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = spectral_norm(nn.Linear(2, 32))
        self.l2 = spectral_norm(nn.Linear(32, 32))
        self.l3 = spectral_norm(nn.Linear(32, 1))

    def forward(self, x):
        x = F.leaky_relu(self.l1(x), 0.1)
        x = F.leaky_relu(self.l2(x), 0.1)
        return self.l3(x)


gen = nn.Sequential(nn.Linear(4, 32, bias=False), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 2))
disc = Disc()
opt_g = torch.optim.Adam(gen.parameters(), 1e-3, betas=(0.0, 0.9))
opt_d = torch.optim.Adam(disc.parameters(), 2e-3, betas=(0.0, 0.9))

for step in range(25):
    real = torch.randn(64, 2) * torch.tensor([0.3, 1.0]) + 1
    with torch.no_grad():
        fake = gen(torch.randn(64, 4))
    d_loss = F.relu(1 - disc(real)).mean() + F.relu(1 + disc(fake)).mean()
    opt_d.zero_grad()
    d_loss.backward()
    opt_d.step()

    disc.requires_grad_(False)
    g_loss = -disc(gen(torch.randn(64, 4))).mean()
    opt_g.zero_grad()
    g_loss.backward()
    opt_g.step()
    disc.requires_grad_(True)
    if step % 8 == 0:
        print(step, round(d_loss.item(), 3), round(g_loss.item(), 3))
