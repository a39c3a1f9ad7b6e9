"""A VAE's two terms go backward one after the other."""

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Linear(16, 12)
        self.mu, self.logvar = nn.Linear(12, 3), nn.Linear(12, 3)
        self.dec = nn.Sequential(nn.Linear(3, 12), nn.ReLU(), nn.Linear(12, 16))

    def forward(self, x):
        h = torch.relu(self.enc(x))
        mu, logvar = self.mu(h), self.logvar(h)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        return self.dec(z), mu, logvar


def train(vae, loader, optimizer):
    vae.train()
    for (x,) in loader:
        optimizer.zero_grad()
        recon, mu, logvar = vae(x)
        recon_loss = F.mse_loss(recon, x)
        kl = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(1).mean()
        recon_loss.backward()  # coach: backward-twice; fix: (recon_loss + kl).backward()
        kl.backward()
        optimizer.step()


vae = VAE()
train(vae, DataLoader(TensorDataset(torch.rand(32, 16)), batch_size=8), torch.optim.Adam(vae.parameters(), lr=1e-3))
