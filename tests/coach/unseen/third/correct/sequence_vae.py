import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(88)
T, LATENT = 24, 3

phase, speed, size = torch.rand(384, 1) * 6.28, 0.2 + 0.4 * torch.rand(384, 1), 0.6 + torch.rand(384, 1)
curves = size * torch.sin(phase + speed * torch.arange(T)) + 0.05 * torch.randn(384, T)
curves = ((curves - curves.mean()) / curves.std()).unsqueeze(1)


class SeriesVAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(
            nn.Conv1d(1, 12, 5, stride=2, padding=2), nn.GELU(),
            nn.Conv1d(12, 24, 5, stride=2, padding=2), nn.GELU(), nn.Flatten())
        self.mu, self.log_var = nn.Linear(24 * 6, LATENT), nn.Linear(24 * 6, LATENT)
        self.grow = nn.Linear(LATENT, 24 * 6)
        self.dec = nn.Sequential(
            nn.GELU(), nn.Unflatten(1, (24, 6)),
            nn.ConvTranspose1d(24, 12, 4, stride=2, padding=1), nn.GELU(),
            nn.ConvTranspose1d(12, 1, 4, stride=2, padding=1))

    def forward(self, x):
        h = self.enc(x)
        mu, log_var = self.mu(h), self.log_var(h)
        z = mu + torch.exp(0.5 * log_var) * torch.randn_like(mu) if self.training else mu
        return self.dec(self.grow(z)), mu, log_var


def elbo_terms(x, x_hat, mu, log_var):
    reconstruction = F.mse_loss(x_hat, x, reduction="none").sum(dim=(1, 2)).mean()
    kl = -0.5 * (1 + log_var - mu.pow(2) - log_var.exp()).sum(dim=1).mean()
    return reconstruction, kl


train = DataLoader(TensorDataset(curves[:320]), batch_size=32, shuffle=True)
held_out = curves[320:]
vae = SeriesVAE()
opt = torch.optim.Adam(vae.parameters(), lr=3e-3)
for epoch in range(10):
    vae.train()
    beta = min(1.0, (epoch + 1) / 5) * 0.3
    for (x,) in train:
        reconstruction, kl = elbo_terms(x, *vae(x))
        opt.zero_grad()
        (reconstruction + beta * kl).backward()
        opt.step()
    vae.eval()
    with torch.no_grad():
        rec, kl = elbo_terms(held_out, *vae(held_out))
    print(f"epoch {epoch}: beta {beta:.2f} reconstruction {rec.item():.3f} kl {kl.item():.3f}")
