# variational autoencoder for 6x6 blobs
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(66)

grid = torch.arange(6).float()
cx, cy = 1 + 3 * torch.rand(400, 1, 1), 1 + 3 * torch.rand(400, 1, 1)
blobs = torch.exp(-((grid.view(1, 6, 1) - cx) ** 2 + (grid.view(1, 1, 6) - cy) ** 2) / 2.0)
blobs = blobs.reshape(400, 36)
train_loader = DataLoader(TensorDataset(blobs[:320]), batch_size=32, shuffle=True)


class VAE(nn.Module):
    def __init__(self, latent=3):
        super().__init__()
        self.enc = nn.Linear(36, 32)
        self.mu = nn.Linear(32, latent)
        self.logvar = nn.Linear(32, latent)
        self.dec1 = nn.Linear(latent, 32)
        self.dec2 = nn.Linear(32, 36)

    def forward(self, x):
        h = F.relu(self.enc(x))
        mu, logvar = self.mu(h), self.logvar(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        return self.dec2(F.relu(self.dec1(z))), mu, logvar


def vae_loss(logits, x, mu, logvar):
    rec = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    kl = -0.5 * (1 + logvar - mu ** 2 - logvar.exp()).sum() / len(x)
    return rec + kl, rec, kl


vae = VAE()
optimizer = torch.optim.Adam(vae.parameters(), lr=3e-3)
for epoch in range(60):
    vae.train()
    sums = [0.0, 0.0]
    for (x,) in train_loader:
        optimizer.zero_grad()
        logits, mu, logvar = vae(x)
        loss, rec, kl = vae_loss(logits, x, mu, logvar)
        loss.backward()
        optimizer.step()
        sums[0] += rec.item()
        sums[1] += kl.item()
    vae.eval()
    with torch.no_grad():
        logits, mu, logvar = vae(blobs[320:])
        val = vae_loss(logits, blobs[320:], mu, logvar)[0].item()
    if epoch % 10 == 9:
        print(f"{epoch + 1:2d} rec {sums[0] / 10:.2f} kl {sums[1] / 10:.2f} val {val:.2f}")
