# %%
# Barlow Twins on vectors: two noisy views, cross-correlation pushed to the identity
import gradbook as torch
from gradbook import nn

torch.manual_seed(8)
# %%
basis = torch.randn(4, 20)
data = torch.randn(1024, 4) @ basis + 0.2 * torch.randn(1024, 20)
data = (data - data.mean(0)) / data.std(0)

# %%
enc = nn.Sequential(nn.Linear(20, 48), nn.ReLU(), nn.Linear(48, 12))
optim = torch.optim.Adam(enc.parameters(), lr=1e-3)


def view(x):
    keep = (torch.rand_like(x) > 0.15).float()
    return x * keep + 0.1 * torch.randn_like(x)


def barlow(za, zb, lam=0.02):
    za = (za - za.mean(0)) / (za.std(0) + 1e-5)
    zb = (zb - zb.mean(0)) / (zb.std(0) + 1e-5)
    c = za.T @ zb / len(za)
    on = (torch.diagonal(c) - 1).pow(2).sum()
    off = c.pow(2).sum() - torch.diagonal(c).pow(2).sum()
    return on + lam * off


# %%
for epoch in range(6):
    run = 0.0
    for idx in torch.randperm(1024).split(128):
        x = data[idx]
        loss = barlow(enc(view(x)), enc(view(x)))
        loss.backward()
        optim.zero_grad()  # coach: optimizer-call-order; fix: optim.zero_grad()
        optim.step()  # coach-line: optimizer-call-order
        run += loss.item()
    print(epoch, round(run / 8, 4))
