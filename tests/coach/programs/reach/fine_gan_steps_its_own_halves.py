import gradbook as torch
import gradbook.nn as nn


class GAN(nn.Module):
    def __init__(self):
        super().__init__()
        self.gen = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 2))
        self.disc = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(), nn.Linear(8, 1))


gan = GAN()
opt_d = torch.optim.RMSprop(gan.disc.parameters(), lr=5e-4)
opt_g = torch.optim.RMSprop(gan.gen.parameters(), lr=5e-4)
for step in range(15):
    real, z = torch.randn(16, 2) + 1, torch.randn(16, 2)
    opt_d.zero_grad()
    (gan.disc(gan.gen(z)).mean() - gan.disc(real).mean()).backward()
    opt_d.step()
    with torch.no_grad():
        for p in gan.disc.parameters():
            p.clamp_(-0.05, 0.05)
    if step % 3 == 2:
        opt_g.zero_grad()
        (-gan.disc(gan.gen(z)).mean()).backward()
        opt_g.step()
