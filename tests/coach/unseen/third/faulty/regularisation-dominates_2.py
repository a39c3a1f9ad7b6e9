import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(27)

# 10x10 grey pictures of one soft blob at a random place
yy, xx = torch.meshgrid(torch.arange(10.0), torch.arange(10.0), indexing="ij")
cy, cx = 2 + 6 * torch.rand(768, 1, 1), 2 + 6 * torch.rand(768, 1, 1)
pics = torch.exp(-((yy - cy) ** 2 + (xx - cx) ** 2) / 6.0).flatten(1)
pics = (pics - pics.mean()) / pics.std()
loader = DataLoader(TensorDataset(pics), batch_size=64, shuffle=True)


class BlobVAE(nn.Module):
    def __init__(self, latent=4):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(100, 64), nn.ReLU())
        self.to_mu = nn.Linear(64, latent)
        self.to_logvar = nn.Linear(64, latent)
        self.dec = nn.Sequential(nn.Linear(latent, 64), nn.ReLU(), nn.Linear(64, 100))

    def forward(self, x):
        h = self.enc(x)
        mu, logvar = self.to_mu(h), self.to_logvar(h)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        return self.dec(z), mu, logvar


vae = BlobVAE()
opt = torch.optim.Adam(vae.parameters(), lr=2e-3)
for epoch in range(15):
    for (x,) in loader:
        x_hat, mu, logvar = vae(x)
        recon = F.mse_loss(x_hat, x)  # coach-line: regularisation-dominates
        kl = -0.5 * torch.sum(1 + logvar - mu ** 2 - logvar.exp())  # coach: regularisation-dominates
        loss = recon + kl  # coach-line: regularisation-dominates
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(f"epoch {epoch:2d} recon {recon.item():.4f} kl {kl.item():.4f}")
