import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(29)
LATENT = 2


def swiss_roll(n):
    t = 4.0 + 6.0 * torch.rand(n)
    h = torch.rand(n) * 2 - 1
    x = torch.stack([t * t.cos() / 5, h * 1.7, t * t.sin() / 5], dim=1)
    return x + 0.03 * torch.randn_like(x)


def imq_kernel(a, b):
    sq = (a.unsqueeze(1) - b.unsqueeze(0)).pow(2).sum(-1)
    return sum(c / (c + sq) for c in (0.5, 2.0, 8.0))


def mmd(z, prior):
    n = z.size(0)
    off_diag = 1.0 - torch.eye(n)
    k_zz = (imq_kernel(z, z) * off_diag).sum() / (n * (n - 1))
    k_pp = (imq_kernel(prior, prior) * off_diag).sum() / (n * (n - 1))
    return k_zz + k_pp - 2 * imq_kernel(z, prior).mean()


encoder = nn.Sequential(nn.Linear(3, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, LATENT))
decoder = nn.Sequential(nn.Linear(LATENT, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3))
opt = torch.optim.Adam([
    {"params": encoder.parameters(), "lr": 2e-3},
    {"params": decoder.parameters(), "lr": 2e-3},
])
sched = torch.optim.lr_scheduler.LambdaLR(opt, lambda k: 1.0 if k < 120 else 0.5)

for it in range(200):
    x = swiss_roll(80)
    z = encoder(x)
    rec = F.mse_loss(decoder(z), x, reduction="none").sum(1).mean()
    match = mmd(z, torch.randn(80, LATENT))
    loss = rec + 2.0 * match
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    if it % 40 == 39:
        print(f"{it + 1:4d} rec {rec.item():.4f} mmd {match.item():+.4f} z-std {z.std(0).tolist()}")
