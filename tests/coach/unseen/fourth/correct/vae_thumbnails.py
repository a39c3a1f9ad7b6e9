import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import Dataset, DataLoader

torch.manual_seed(66)


class Boxes(Dataset):
    """Binary 8x8 images of one filled rectangle."""

    def __init__(self, n):
        self.imgs = torch.zeros(n, 8, 8)
        corners = torch.randint(0, 5, (n, 2)).tolist()
        sizes = torch.randint(2, 5, (n, 2)).tolist()
        for i in range(n):
            (r, c), (h, w) = corners[i], sizes[i]
            self.imgs[i, r:r + h, c:c + w] = 1.0

    def __len__(self):
        return len(self.imgs)

    def __getitem__(self, i):
        return self.imgs[i].flatten()


class VAE(nn.Module):
    def __init__(self, latent=6):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(64, 64), nn.ReLU())
        self.mu = nn.Linear(64, latent)
        self.logvar = nn.Linear(64, latent)
        self.dec = nn.Sequential(nn.Linear(latent, 64), nn.ReLU(), nn.Linear(64, 64))

    def forward(self, x):
        h = self.enc(x)
        mu, logvar = self.mu(h), self.logvar(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        return self.dec(z), mu, logvar


def elbo(logits, x, mu, logvar):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1).mean()
    kl = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(dim=1).mean()
    return rec + kl, rec, kl


vae = VAE()
opt = torch.optim.Adam(vae.parameters(), lr=3e-3)
dl, holdout = DataLoader(Boxes(512), batch_size=32, shuffle=True), DataLoader(Boxes(128), batch_size=64)
for epoch in range(8):
    vae.train()
    for x in dl:
        opt.zero_grad()
        logits, mu, logvar = vae(x)
        loss, rec, kl = elbo(logits, x, mu, logvar)
        loss.backward()
        opt.step()
    vae.eval()
    with torch.no_grad():
        val = sum(elbo(out, x, m, lv)[0].item() for x in holdout for out, m, lv in [vae(x)]) / len(holdout)
    print(f"epoch {epoch} elbo {loss.item():.3f} (rec {rec.item():.3f} kl {kl.item():.3f}) holdout {val:.3f}")
