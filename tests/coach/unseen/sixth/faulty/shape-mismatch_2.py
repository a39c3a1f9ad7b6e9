"""Convolutional VAE, 14x14 inputs."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(6)


class ConvVAE(nn.Module):
    def __init__(self, z=8):
        super().__init__()
        self.enc = nn.Sequential(
            nn.Conv2d(1, 16, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU(),
            nn.Flatten(),
        )
        self.to_stats = nn.Linear(288, 16)  # coach: shape-mismatch; fix: nn.Linear(512, 16)
        self.dec = nn.Sequential(nn.Linear(z, 64), nn.ReLU(), nn.Linear(64, 196))

    def forward(self, x):
        mu, logvar = self.to_stats(self.enc(x)).chunk(2, dim=1)
        z = mu + (0.5 * logvar).exp() * torch.randn_like(mu)
        return self.dec(z).view(-1, 1, 14, 14), mu, logvar


g = torch.arange(14).float()
cx, cy = torch.rand(320, 1, 1) * 8 + 3, torch.rand(320, 1, 1) * 8 + 3
imgs = torch.exp(-((g[None, :, None] - cy) ** 2 + (g[None, None, :] - cx) ** 2) / 6).unsqueeze(1)

vae = ConvVAE()
opt = torch.optim.Adam(vae.parameters(), lr=2e-3)
for ep in range(3):
    for (x,) in DataLoader(TensorDataset(imgs), batch_size=32, shuffle=True):
        xr, mu, lv = vae(x)
        rec = F.binary_cross_entropy_with_logits(xr, x, reduction="sum") / len(x)
        kld = 0.5 * (mu.pow(2) + lv.exp() - lv - 1).sum(1).mean()
        loss = rec + kld
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(ep, loss.item())
