import argparse

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, Dataset


class Curves(Dataset):
    """Sines of random phase and height: two factors of variation."""

    def __init__(self, n=512, points=24):
        t = torch.linspace(0, 6.2832, points)
        phase, height = 6.2832 * torch.rand(n, 1), 0.5 + torch.rand(n, 1)
        x = height * torch.sin(t + phase) + 0.05 * torch.randn(n, points)
        self.x = (x - x.mean()) / x.std()

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i]


class VAE(nn.Module):
    def __init__(self, points, hidden, latent):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(points, hidden), nn.ReLU())
        self.mu = nn.Linear(hidden, latent)
        self.logvar = nn.Linear(hidden, latent)
        self.dec = nn.Sequential(nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, points))

    def forward(self, x):
        h = self.enc(x)
        mu, logvar = self.mu(h), self.logvar(h)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        return self.dec(z), mu, logvar


def elbo_terms(recon, x, mu, logvar):
    rec = F.mse_loss(recon, x, reduction="none").sum(dim=1).mean()
    kl = (-0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(dim=1)).mean()
    return rec, kl


def main(args):
    torch.manual_seed(args.seed)
    loader = DataLoader(Curves(), batch_size=64, shuffle=True)
    vae = VAE(24, 64, args.latent)
    optimizer = torch.optim.Adam(vae.parameters(), lr=args.lr)
    for epoch in range(args.epochs):
        beta = min(1.0, (epoch + 1) / args.kl_warmup)
        sums = [0.0, 0.0]
        for x in loader:
            recon, mu, logvar = vae(x)
            rec, kl = elbo_terms(recon, x, mu, logvar)
            loss = rec + beta * kl
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(vae.parameters(), 10.0)
            optimizer.step()
            sums[0] += rec.item()
            sums[1] += kl.item()
        print(f"epoch {epoch} beta {beta:.2f} rec {sums[0] / len(loader):.3f} kl {sums[1] / len(loader):.3f}")


main(argparse.Namespace(seed=5, latent=3, lr=3e-3, epochs=12, kl_warmup=6))
