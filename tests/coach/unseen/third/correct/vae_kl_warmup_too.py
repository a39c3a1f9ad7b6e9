import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(22)

# 9x9 binary squares of varying size and place
imgs = torch.zeros(900, 9, 9)
for im in imgs:
    side = int(torch.randint(3, 6, (1,)))
    r, c = torch.randint(0, 10 - side, (2,)).tolist()
    im[r:r + side, c:c + side] = 1.0
train, valid = random_split(TensorDataset(imgs.flatten(1)), [768, 132])
train_dl = DataLoader(train, batch_size=64, shuffle=True)
valid_dl = DataLoader(valid, batch_size=132)


class VAE(nn.Module):
    def __init__(self, d=81, h=96, k=5):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(d, h), nn.ReLU())
        self.mu, self.logvar = nn.Linear(h, k), nn.Linear(h, k)
        self.dec = nn.Sequential(nn.Linear(k, h), nn.ReLU(), nn.Linear(h, d))

    def forward(self, x):
        h = self.enc(x)
        mu, logvar = self.mu(h), self.logvar(h)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu) if self.training else mu
        return self.dec(z), mu, logvar


def negative_elbo(x, logits, mu, logvar, beta):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / x.size(0)
    kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp()) / x.size(0)
    return rec + beta * kl, rec, kl


vae = VAE()
opt = torch.optim.Adam(vae.parameters(), lr=2e-3)
for epoch in range(12):
    beta = min(1.0, epoch / 6)
    vae.train()
    for (x,) in train_dl:
        loss, rec, kl = negative_elbo(x, *vae(x), beta)
        opt.zero_grad()
        loss.backward()
        opt.step()
    vae.eval()
    with torch.no_grad():
        for (x,) in valid_dl:
            _, v_rec, v_kl = negative_elbo(x, *vae(x), 1.0)
    print(f"{epoch:2d} beta {beta:.2f} train rec {rec.item():.2f} | valid rec {v_rec.item():.2f} kl {v_kl.item():.2f}")

with torch.no_grad():
    prior = torch.sigmoid(vae.dec(torch.randn(4, 5)))
print("mean ink in prior samples", prior.mean().item())
