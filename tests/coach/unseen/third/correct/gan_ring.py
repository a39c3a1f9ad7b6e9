"""Non-saturating GAN on a ring of Gaussians. The generator step fills the critic's grads too; they are wiped before D's turn."""
import math
import gradbook as torch
from gradbook import nn
from gradbook.optim import Adam

torch.manual_seed(101)
Z, B = 4, 64


def real_batch(n=B):
    k = torch.randint(0, 8, (n,)) * (math.pi / 4)
    return 1.4 * torch.stack([torch.cos(k), torch.sin(k)], 1) + 0.08 * torch.randn(n, 2)


def block(i, o):
    return [nn.Linear(i, o), nn.LeakyReLU(0.2)]


G = nn.Sequential(*block(Z, 48), *block(48, 48), nn.Linear(48, 2))
D = nn.Sequential(*block(2, 48), *block(48, 48), nn.Linear(48, 1))
g_opt, d_opt = Adam(G.parameters(), 1e-3, betas=(0.5, 0.999)), Adam(D.parameters(), 1e-3, betas=(0.5, 0.999))
bce = nn.BCEWithLogitsLoss()
ones, zeros = torch.ones(B, 1), torch.zeros(B, 1)

for step in range(150):
    # --- discriminator: two backward calls, one step
    d_opt.zero_grad()
    d_real = bce(D(real_batch()), 0.9 * ones)
    d_real.backward()
    fake = G(torch.randn(B, Z))
    d_fake = bce(D(fake.detach()), zeros)
    d_fake.backward()
    d_opt.step()

    # --- generator
    g_opt.zero_grad()
    g_loss = bce(D(fake), ones)
    g_loss.backward()
    g_opt.step()

    if step % 50 == 49:
        with torch.no_grad():
            radius = G(torch.randn(256, Z)).norm(dim=1).mean().item()
        print(f"{step + 1}: D {(d_real + d_fake).item():.3f}  G {g_loss.item():.3f}  mean radius {radius:.2f}")
