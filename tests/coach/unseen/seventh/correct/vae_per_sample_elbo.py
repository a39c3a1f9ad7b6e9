import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(43)


class VAE(nn.Module):
    def __init__(self, dim=20, hidden=48, latent=3):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(dim, hidden), nn.ReLU())
        self.mu = nn.Linear(hidden, latent)
        self.logvar = nn.Linear(hidden, latent)
        self.dec = nn.Sequential(nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, dim))

    def forward(self, x):
        h = self.enc(x)
        mu, logvar = self.mu(h), self.logvar(h)
        z = mu + torch.randn_like(mu) * (0.5 * logvar).exp() if self.training else mu
        return self.dec(z), mu, logvar


def elbo_terms(x, out, mu, logvar):
    recon = F.mse_loss(out, x, reduction="none").sum(1).mean()
    kl = (-0.5 * (1 + logvar - mu.pow(2) - logvar.exp())).sum(1).mean()
    return recon, kl


def warm(epoch, over=4):
    return min(1.0, (epoch + 1) / over)


mix = torch.randn(3, 20)
data = torch.randn(1200, 3) @ mix + 0.1 * torch.randn(1200, 20)
data = (data - data.mean(0)) / data.std(0)
train = DataLoader(TensorDataset(data[:960]), batch_size=48, shuffle=True)
val = DataLoader(TensorDataset(data[960:]), batch_size=48)
model = VAE()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(8):
    model.train()
    for (x,) in train:
        recon, kl = elbo_terms(x, *model(x))
        loss = recon + warm(epoch) * kl
        opt.zero_grad()
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        v = [elbo_terms(x, *model(x)) for (x,) in val]
    print({"epoch": epoch, "recon": round(recon.item(), 3), "kl": round(kl.item(), 3),
           "val_recon": round(sum(r.item() for r, _ in v) / len(v), 3)})
