import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Linear(20, 16)
        self.mu, self.logvar = nn.Linear(16, 4), nn.Linear(16, 4)
        self.dec = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 20))

    def forward(self, x):
        h = torch.relu(self.enc(x))
        mu, logvar = self.mu(h), self.logvar(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        return self.dec(z), mu, logvar


torch.manual_seed(0)
data = torch.randn(256, 4) @ torch.randn(4, 20)
vae = VAE()
opt = torch.optim.Adam(vae.parameters(), lr=3e-3)
beta = 100.0  # coach: regularisation-dominates; fix: beta = 
for epoch in range(30):
    for i in range(0, 256, 64):
        x = data[i : i + 64]
        out, mu, logvar = vae(x)
        reconstruction = F.mse_loss(out, x)
        kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), dim=1).mean()
        loss = reconstruction + beta * kl
        opt.zero_grad()
        loss.backward()
        opt.step()  # coach-also: loss-plateau, constant-predictions
