"""beta-VAE on synthetic 'sprites' (8x8 bars)."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(2)
imgs = torch.zeros(512, 8, 8)
for n in range(512):
    r = int(torch.randint(0, 8, (1,)))
    if n % 2:
        imgs[n, r] = 1.0
    else:
        imgs[n, :, r] = 1.0
loader = DataLoader(TensorDataset(imgs.view(512, 64)), batch_size=64, shuffle=True)


class BetaVAE(nn.Module):
    def __init__(self, zdim=6):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(64, 48), nn.ReLU())
        self.mu, self.lv = nn.Linear(48, zdim), nn.Linear(48, zdim)
        self.dec = nn.Sequential(nn.Linear(zdim, 48), nn.ReLU(), nn.Linear(48, 64))

    def forward(self, x):
        h = self.enc(x)
        mu, lv = self.mu(h), self.lv(h)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * lv)
        return self.dec(z), mu, lv


vae = BetaVAE()
opt = torch.optim.Adam(vae.parameters(), lr=2e-3)
for epoch in range(5):
    elbo = 0
    for (x,) in loader:
        rec, mu, lv = vae(x)
        nll = F.binary_cross_entropy_with_logits(rec, x, reduction="sum") / len(x)
        kl = -0.5 * (1 + lv - mu ** 2 - lv.exp()).sum(1).mean()
        loss = nll + 0.5 * kl
        opt.zero_grad()
        loss.backward()
        opt.step()
        elbo -= loss  # coach: loss-keeps-graph; fix: loss.item()
    print("epoch %d  elbo %.3f" % (epoch, elbo / len(loader)))
