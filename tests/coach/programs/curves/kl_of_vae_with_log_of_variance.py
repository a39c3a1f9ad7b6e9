import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn


class VAE(nn.Module):
    def __init__(self, d=8, z=2):
        super().__init__()
        self.enc = nn.Linear(d, 2 * z)
        self.dec = nn.Linear(z, d)

    def forward(self, x):
        mu, var = self.enc(x).chunk(2, dim=1)
        std = torch.relu(var)
        z = mu + std * torch.randn_like(mu)
        return self.dec(z), mu, std


vae = VAE()
optimizer = torch.optim.Adam(vae.parameters(), lr=1e-3)
data = torch.rand(32, 8)
for epoch in range(5):
    recon, mu, std = vae(data)
    kl = -0.5 * (1 + 2 * torch.log(std) - mu**2 - std**2).sum(1).mean()  # coach: nan-origin; fix: torch.log(std.clamp(min=1e-8))
    loss = F.mse_loss(recon, data) + 0.1 * kl
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
