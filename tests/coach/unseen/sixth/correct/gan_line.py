# Lab 9: a GAN that learns a noisy parabola
import gradbook as torch
from gradbook import nn

torch.manual_seed(13)


def real_points(n):
    a = 2 * torch.rand(n, 1) - 1
    return torch.cat([a, a ** 2 - 0.33 + 0.05 * torch.randn(n, 1)], dim=1) / 0.5


class Generator(nn.Module):
    def __init__(self, noise=4):
        super().__init__()
        self.noise = noise
        self.net = nn.Sequential(nn.Linear(noise, 32), nn.LeakyReLU(0.2), nn.Linear(32, 2))

    def forward(self, n):
        return self.net(torch.randn(n, self.noise))


def critic():
    return nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))


G, D = Generator(), critic()
g_opt = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.999))
d_opt = torch.optim.Adam(D.parameters(), lr=1e-3, betas=(0.5, 0.999))
bce = nn.BCEWithLogitsLoss()
ones, zeros = torch.ones(64, 1), torch.zeros(64, 1)

for it in range(120):
    real, fake = real_points(64), G(64)

    d_loss = bce(D(real), 0.9 * ones) + bce(D(fake.detach()), zeros)
    d_opt.zero_grad()
    d_loss.backward()
    d_opt.step()

    g_loss = bce(D(fake), ones)
    g_opt.zero_grad()
    g_loss.backward()
    g_opt.step()

    if it % 20 == 0:
        print(f"{it:4d}  D {d_loss.item():.3f}  G {g_loss.item():.3f}")

G.eval()
with torch.no_grad():
    print("mean of fakes", [round(v, 2) for v in G(256).mean(0).tolist()])
