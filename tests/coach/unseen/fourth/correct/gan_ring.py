import math
import gradbook as torch
from gradbook import nn

torch.manual_seed(101)


def real_batch(n):
    a = torch.rand(n) * 2 * math.pi
    return torch.stack([a.cos(), a.sin()], dim=1) + 0.05 * torch.randn(n, 2)


def block(i, o):
    return nn.Sequential(nn.Linear(i, o), nn.LeakyReLU(0.2))


gen = nn.Sequential(block(4, 32), block(32, 32), nn.Linear(32, 2))
disc = nn.Sequential(block(2, 32), block(32, 32), nn.Linear(32, 1))
opt_g = torch.optim.Adam(gen.parameters(), lr=1e-3, betas=(0.5, 0.999))
opt_d = torch.optim.Adam(disc.parameters(), lr=1e-3, betas=(0.5, 0.999))
bce = nn.BCEWithLogitsLoss()
BATCH = 64
ones, zeros = torch.ones(BATCH, 1), torch.zeros(BATCH, 1)

for it in range(250):
    # critic first: no gradient may reach the generator
    fake = gen(torch.randn(BATCH, 4))
    d_loss = bce(disc(real_batch(BATCH)), 0.9 * ones) + bce(disc(fake.detach()), zeros)
    opt_d.zero_grad()
    d_loss.backward()
    opt_d.step()

    # the same fakes go through the updated discriminator
    g_loss = bce(disc(fake), ones)
    opt_g.zero_grad()
    g_loss.backward()
    opt_g.step()
    if it % 50 == 0:
        print(f"{it:3d}  D {d_loss.item():.3f}  G {g_loss.item():.3f}")

with torch.no_grad():
    print("mean radius", gen(torch.randn(500, 4)).norm(dim=1).mean().item())
