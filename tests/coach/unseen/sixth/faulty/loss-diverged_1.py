"""Generative models, lab 2: a variational autoencoder for tiny pictures."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(202)


class VAE(nn.Module):
    def __init__(self, pixels=36, hidden=48, latent=4):
        super().__init__()
        self.enc = nn.Linear(pixels, hidden)
        self.mu = nn.Linear(hidden, latent)
        self.logvar = nn.Linear(hidden, latent)
        self.dec = nn.Sequential(nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, pixels))

    def forward(self, x):
        h = F.relu(self.enc(x))
        mu, logvar = self.mu(h), self.logvar(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        return self.dec(z), mu, logvar


def vae_loss(recon, x, mu, logvar):
    rec = F.mse_loss(recon, x, reduction="sum") / x.size(0)
    kld = 0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp()) / x.size(0)  # coach: loss-diverged; fix: -0.5
    return rec + kld  # coach-line: loss-diverged


def bars(n):
    img = torch.zeros(n, 6, 6)
    which = torch.randint(0, 6, (n,))
    flat = torch.rand(n) < 0.5
    for i in range(n):
        if flat[i]:
            img[i, which[i], :] = 1.0
        else:
            img[i, :, which[i]] = 1.0
    img = img.flatten(1)
    return (img - img.mean()) / img.std()


loader = DataLoader(TensorDataset(bars(320)), batch_size=32, shuffle=True)
vae = VAE()
opt = torch.optim.Adam(vae.parameters(), lr=3e-3)
for epoch in range(12):
    total = 0.0
    for (x,) in loader:
        recon, mu, logvar = vae(x)
        loss = vae_loss(recon, x, mu, logvar)
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
    print(f"epoch {epoch:2d} loss {total / len(loader):.4g}")
