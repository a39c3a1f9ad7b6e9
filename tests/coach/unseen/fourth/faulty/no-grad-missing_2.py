import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader

torch.manual_seed(4)
mix = torch.randn(3, 24)
data = torch.tanh(torch.randn(480, 3) @ mix) + 0.05 * torch.randn(480, 24)
train_dl = DataLoader(data[:384], batch_size=48, shuffle=True)
held_out_dl = DataLoader(data[384:], batch_size=48)


class VAE(nn.Module):
    def __init__(self, d=24, z=3):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(d, 32), nn.ReLU())
        self.mu, self.logvar = nn.Linear(32, z), nn.Linear(32, z)
        self.dec = nn.Sequential(nn.Linear(z, 32), nn.ReLU(), nn.Linear(32, d))

    def forward(self, x):
        h = self.enc(x)
        mu, logvar = self.mu(h), self.logvar(h)
        z = mu + torch.randn_like(mu) * (0.5 * logvar).exp() if self.training else mu
        return self.dec(z), mu, logvar


def elbo_loss(x, rec, mu, logvar):
    rec_term = F.mse_loss(rec, x, reduction="sum") / len(x)
    kl = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum() / len(x)
    return rec_term + 0.1 * kl


vae = VAE()
adam = torch.optim.Adam(vae.parameters(), lr=3e-3)


def train_epoch():
    vae.train()
    for x in train_dl:
        loss = elbo_loss(x, *vae(x))
        adam.zero_grad()
        loss.backward()
        adam.step()


def evaluate():  # coach-line: no-grad-missing
    vae.eval()  # coach-line: no-grad-missing
    total = 0.0
    for x in held_out_dl:  # coach-line: no-grad-missing
        total += elbo_loss(x, *vae(x)).item()  # coach: no-grad-missing; fix: torch.no_grad()
    return total / len(held_out_dl)


for epoch in range(6):
    train_epoch()
    print(epoch, round(evaluate(), 4))
