import gradbook as torch
from gradbook import nn

torch.manual_seed(7)
Z, BATCH = 4, 32

G = nn.Sequential(nn.Linear(Z, 16), nn.LeakyReLU(0.2), nn.Linear(16, 2))
D = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
opt_g = torch.optim.Adam(G.parameters(), lr=2e-3, betas=(0.5, 0.999))
opt_d = torch.optim.Adam(D.parameters(), lr=2e-3, betas=(0.5, 0.999))
adv = nn.BCEWithLogitsLoss()


def real_batch():
    angle = torch.rand(BATCH) * 6.2832
    ring = torch.stack([angle.cos(), angle.sin()], dim=1)
    return ring + 0.05 * torch.randn(BATCH, 2)


ones, zeros = torch.ones(BATCH, 1), torch.zeros(BATCH, 1)
for it in range(40):
    real = real_batch()
    fake = G(torch.randn(BATCH, Z))

    d_loss = adv(D(real), ones) + adv(D(fake.detach()), zeros)
    d_loss.backward()  # coach: missing-zero-grad; fix: opt_d.zero_grad()
    opt_d.step()

    opt_g.zero_grad()
    g_loss = adv(D(fake), ones)
    g_loss.backward()
    opt_g.step()

    if it % 10 == 0:
        print(f"[{it:3d}] D {d_loss.item():.3f}  G {g_loss.item():.3f}")
