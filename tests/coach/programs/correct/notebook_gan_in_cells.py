# %% [1]
import gradbook as torch
import gradbook.nn as nn

torch.manual_seed(3)
latent = 3
G = nn.Sequential(nn.Linear(latent, 16), nn.ReLU(), nn.Linear(16, 2))
D = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
opt_g = torch.optim.Adam(G.parameters(), lr=2e-3, betas=(0.5, 0.999))
opt_d = torch.optim.Adam(D.parameters(), lr=2e-3, betas=(0.5, 0.999))
loss_fn = nn.BCEWithLogitsLoss()
# %% [2]
def real(n):
    angle = torch.rand(n) * 6.283
    return torch.stack([angle.cos(), angle.sin()], dim=1)
# %% [3]
def d_step(n=32):
    fake = G(torch.randn(n, latent)).detach()
    loss = loss_fn(D(real(n)), torch.ones(n, 1)) + loss_fn(D(fake), torch.zeros(n, 1))
    opt_d.zero_grad()
    loss.backward()
    opt_d.step()
    return loss.item()


def g_step(n=32):
    loss = loss_fn(D(G(torch.randn(n, latent))), torch.ones(n, 1))
    opt_g.zero_grad()
    loss.backward()
    opt_g.step()
    return loss.item()
# %% [4]
log = [(d_step(), g_step()) for _ in range(10)]
# %% [5]
with torch.no_grad():
    samples = G(torch.randn(100, latent))
print(samples.mean(0), samples.std(0))
# %% [4] rerun
# %% [5] rerun
