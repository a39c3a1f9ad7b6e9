"""Variational autoencoder with binary inputs and a KL weight that warms up."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)


class VAE(nn.Module):
    def __init__(self, n=16, h=32, z=3):
        super().__init__()
        self.enc = nn.Linear(n, h)
        self.mu, self.logvar = nn.Linear(h, z), nn.Linear(h, z)
        self.dec1, self.dec2 = nn.Linear(z, h), nn.Linear(h, n)

    def forward(self, x):
        h = torch.tanh(self.enc(x))
        mu, logvar = self.mu(h), self.logvar(h)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        return self.dec2(torch.tanh(self.dec1(z))), mu, logvar


prototypes = torch.bernoulli(torch.full((6, 16), 0.5))
which = torch.randint(0, 6, (240,))
flip = (torch.rand(240, 16) < 0.05).float()
x = (prototypes[which] - flip).abs()

vae = VAE()
opt = torch.optim.Adam(vae.parameters(), lr=1e-2)
for epoch in range(14):
    beta = min(1.0, (epoch + 1) / 8)
    rec_sum = kl_sum = 0.0
    for idx in torch.randperm(240).split(40):
        logits, mu, logvar = vae(x[idx])
        rec = F.binary_cross_entropy_with_logits(logits, x[idx], reduction="none").sum(1).mean()
        kl = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(1).mean()
        loss = rec + beta * kl
        opt.zero_grad()
        loss.backward()
        opt.step()
        rec_sum += rec.item() / 6
        kl_sum += kl.item() / 6
    if epoch % 4 == 0 or epoch == 13:
        print(f"epoch {epoch:2d} beta {beta:.2f} rec {rec_sum:.3f} kl {kl_sum:.3f} elbo {rec_sum + kl_sum:.3f}")
