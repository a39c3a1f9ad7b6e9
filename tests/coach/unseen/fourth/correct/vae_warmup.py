import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.distributions import Normal, kl_divergence
from gradbook.utils.data import DataLoader

torch.manual_seed(102)
factors = torch.randn(600, 2)
data = torch.cat([factors, factors.prod(1, keepdim=True), factors.sin()], dim=1) @ torch.randn(5, 12)
data = (data - data.mean(0)) / data.std(0)
train, val = data[:500], data[500:]


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(nn.Linear(12, 48), nn.SiLU(), nn.Linear(48, 6))
        self.dec = nn.Sequential(nn.Linear(3, 48), nn.SiLU(), nn.Linear(48, 12))
        self.register_buffer("prior_loc", torch.zeros(3))

    def forward(self, x):
        loc, raw = self.enc(x).chunk(2, dim=-1)
        q = Normal(loc, F.softplus(raw) + 1e-4)
        z = q.rsample() if self.training else loc
        kl = kl_divergence(q, Normal(self.prior_loc, torch.ones_like(self.prior_loc))).sum(-1).mean()
        rec = F.mse_loss(self.dec(z), x, reduction="none").sum(-1).mean()
        return rec, kl


model = VAE()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
EPOCHS, WARM = 14, 8
for epoch in range(EPOCHS):
    beta = 0.3 * min(1.0, epoch / WARM)
    model.train()
    for x in DataLoader(train, batch_size=50, shuffle=True):
        rec, kl = model(x)
        opt.zero_grad()
        (rec + beta * kl).backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        rec, kl = model(val)
    print(f"{epoch:2d} beta {beta:.2f} rec {rec.item():.3f} kl {kl.item():.3f}")
