# GAN on a 2-d ring, forum classic
import math
import gradbook as torch
from gradbook import nn

torch.manual_seed(88)


def real(n):
    a = 2 * math.pi * torch.rand(n)
    return torch.stack([torch.cos(a), torch.sin(a)], 1) + 0.05 * torch.randn(n, 2)


G = nn.Sequential(nn.Linear(4, 32), nn.LeakyReLU(0.2), nn.Linear(32, 32), nn.LeakyReLU(0.2), nn.Linear(32, 2))
D = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
bce = nn.BCEWithLogitsLoss()
optG = torch.optim.Adam(G.parameters(), lr=2e-3, betas=(0.5, 0.999))
optD = torch.optim.Adam(D.parameters(), lr=2e-3, betas=(0.5, 0.999))
n = 64
ones, zeros = torch.ones(n, 1), torch.zeros(n, 1)

for step in range(700):
    x = real(n)
    fake = G(torch.randn(n, 4))

    optD.zero_grad()
    d_loss = bce(D(x), ones) + bce(D(fake.detach()), zeros)
    d_loss.backward()
    optD.step()

    optG.zero_grad()
    g_loss = bce(D(fake), ones)
    g_loss.backward()
    optG.step()
    if step % 100 == 0:
        print(step, "D %.3f G %.3f" % (d_loss.item(), g_loss.item()))

with torch.no_grad():
    r = G(torch.randn(256, 4)).norm(dim=1)
print("radius", r.mean().item(), r.std().item())
