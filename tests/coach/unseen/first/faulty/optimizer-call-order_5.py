import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# DCGAN-ish on 1-D gaussians
torch.manual_seed(5)
G = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
D = nn.Sequential(nn.Linear(1, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
opt_g = torch.optim.Adam(G.parameters(), lr=2e-3, betas=(0.5, 0.999))
opt_d = torch.optim.Adam(D.parameters(), lr=2e-3, betas=(0.5, 0.999))
bce = nn.BCEWithLogitsLoss()
ones, zeros = torch.ones(32, 1), torch.zeros(32, 1)
for it in range(25):
    real = torch.randn(32, 1) * 0.5 + 1.0
    fake = G(torch.randn(32, 4))
    # --- discriminator
    opt_d.zero_grad()
    d_loss = bce(D(real), ones) + bce(D(fake.detach()), zeros)
    d_loss.backward()
    opt_d.step()
    # --- generator
    g_loss = bce(D(fake), ones)
    g_loss.backward()
    opt_g.zero_grad()  # coach: optimizer-call-order; fix: opt_g.zero_grad()
    opt_g.step()
    if it % 8 == 0:
        print(it, d_loss.item(), g_loss.item())
# coach-also: stale-optimizer, loss-plateau
