# GAN that learns the jump heights of my platformer character (a 1-d bump)
import gradbook as torch
from gradbook import nn

torch.manual_seed(29)

G = nn.Sequential(nn.Linear(4, 24), nn.LeakyReLU(0.2), nn.Linear(24, 1))
D = nn.Sequential(nn.Linear(1, 24), nn.LeakyReLU(0.2), nn.Linear(24, 1))
opt_g = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.999))
opt_d = torch.optim.Adam(D.parameters(), lr=1e-3, betas=(0.5, 0.999))
bce = nn.BCEWithLogitsLoss()

B = 64
ones, zeros = torch.ones(B, 1), torch.zeros(B, 1)
for step in range(301):
    real = 1.0 + 0.5 * torch.randn(B, 1)
    noise = torch.randn(B, 4)
    fake = G(noise)

    opt_d.zero_grad()
    d_loss = bce(D(real), ones) + bce(D(fake.detach()), zeros)
    d_loss.backward()
    opt_d.step()

    opt_g.zero_grad()
    g_loss = bce(D(fake), ones)
    g_loss.backward()
    opt_g.step()

    if step % 60 == 0:
        with torch.no_grad():
            sample = G(torch.randn(500, 4))
        print(f"{step:4d}  D {d_loss.item():.3f}  G {g_loss.item():.3f}  mean {sample.mean().item():.2f} std {sample.std().item():.2f}")
