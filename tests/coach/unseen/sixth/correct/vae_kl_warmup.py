# %%
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(123)

# %%
def bumps(n, side=10):
    g = torch.linspace(0, 1, side)
    c = 0.2 + 0.6 * torch.rand(n, 2)
    d2 = (g[None, :, None] - c[:, :1, None]) ** 2 + (g[None, None, :] - c[:, 1:, None]) ** 2
    return torch.exp(-d2 / 0.03).flatten(1)

train, test = bumps(800), bumps(160)
train_dl = DataLoader(TensorDataset(train), batch_size=50, shuffle=True)

# %%
class VAE(nn.Module):
    def __init__(self, x=100, h=64, z=4):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(x, h), nn.ReLU(), nn.Linear(h, 2 * z))
        self.dec = nn.Sequential(nn.Linear(z, h), nn.ReLU(), nn.Linear(h, x))

    def forward(self, x):
        mu, lv = self.enc(x).chunk(2, 1)
        z = mu + torch.randn_like(mu) * (0.5 * lv).exp() if self.training else mu
        return self.dec(z), mu, lv

def terms(model, x):
    logit, mu, lv = model(x)
    rec = F.binary_cross_entropy_with_logits(logit, x, reduction="none").sum(1).mean()
    kl = 0.5 * (mu.pow(2) + lv.exp() - 1 - lv).sum(1).mean()
    return rec, kl

# %%
vae = VAE()
opt = torch.optim.Adam(vae.parameters(), lr=2e-3)
warm, step = 60, 0
for epoch in range(8):
    vae.train()
    for (xb,) in train_dl:
        beta = min(1.0, step / warm)
        rec, kl = terms(vae, xb)
        loss = rec + beta * kl
        opt.zero_grad()
        loss.backward()
        opt.step()
        step += 1
    vae.eval()
    with torch.no_grad():
        vr, vk = terms(vae, test)
    print(f"epoch {epoch} beta {beta:.2f} val rec {vr.item():.2f} kl {vk.item():.2f}")

# %%
vae.eval()
with torch.no_grad():
    samples = torch.sigmoid(vae.dec(torch.randn(5, 4)))
print(samples.mean(1))
