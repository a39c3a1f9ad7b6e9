import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# VAE on 2-D ring data
torch.manual_seed(7)
theta = torch.rand(200) * 6.2832
ring = torch.stack([theta.cos(), theta.sin()], 1) + 0.05 * torch.randn(200, 2)

class VAE(nn.Module):
    def __init__(self, zdim=2, hidden=32):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(2, hidden), nn.Tanh())
        self.mu = nn.Linear(hidden, zdim)
        self.logvar = nn.Linear(hidden, zdim)
        self.dec = nn.Sequential(nn.Linear(zdim, hidden), nn.Tanh(), nn.Linear(hidden, 2))
    def forward(self, x):
        h = self.enc(x)
        mu, logvar = self.mu(h), self.logvar(h)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        return self.dec(z), mu, logvar

def elbo(recon, x, mu, logvar):
    rec = F.mse_loss(recon, x)
    kld = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(1).mean()
    return rec + 0.01 * kld

vae = VAE()
optim = torch.optim.RMSprop(vae.parameters(), lr=1e-3)
optim.zero_grad()   # once, at the start
for epoch in range(5):
    perm = torch.randperm(200)
    for i in range(0, 200, 50):
        batch = ring[perm[i:i + 50]]
        recon, mu, logvar = vae(batch)
        loss = elbo(recon, batch, mu, logvar)
        loss.backward()  # coach: missing-zero-grad; fix: optim.zero_grad()
        optim.step()
    print("epoch", epoch, float(loss))
