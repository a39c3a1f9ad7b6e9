import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(0)


class VAE(nn.Module):
    def __init__(self, d=20, h=32, z=3):
        super().__init__()
        self.enc = nn.Linear(d, h)
        self.mu = nn.Linear(h, z)
        self.logvar = nn.Linear(h, z)
        self.dec = nn.Sequential(nn.Linear(z, h), nn.Tanh(), nn.Linear(h, d))

    def forward(self, x):
        h = torch.tanh(self.enc(x))
        mu, logvar = self.mu(h), self.logvar(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        return self.dec(z), mu, logvar


latent = torch.randn(400, 3)
data = latent @ torch.randn(3, 20)
data = (data - data.mean(0)) / data.std(0)
vae = VAE()
adam = torch.optim.Adam(vae.parameters(), lr=2e-3)

for epoch in range(5):
    epoch_rec, epoch_kl = 0, 0
    for idx in torch.randperm(400).split(40):
        x = data[idx]
        xhat, mu, logvar = vae(x)
        rec = F.mse_loss(xhat, x, reduction="none").sum(1).mean()
        kl = -0.5 * (1 + logvar - mu ** 2 - logvar.exp()).sum(1).mean()
        elbo = rec + kl
        adam.zero_grad()
        elbo.backward()
        adam.step()
        epoch_rec += rec.item()
        epoch_kl += kl  # coach: loss-keeps-graph; fix: kl.item()
    print(f"[{epoch}] rec {epoch_rec / 10:.3f} kl {float(epoch_kl) / 10:.3f}")
