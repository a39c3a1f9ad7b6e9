import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# VAE: KL is summed over the batch, reconstruction is a mean
torch.manual_seed(104)
class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = nn.Linear(12, 24)
        self.mu, self.lv = nn.Linear(24, 3), nn.Linear(24, 3)
        self.d = nn.Sequential(nn.Linear(3, 24), nn.ReLU(), nn.Linear(24, 12))
    def forward(self, x):
        h = F.relu(self.e(x))
        mu, lv = self.mu(h), self.lv(h)
        return self.d(mu + torch.randn_like(mu) * (0.5 * lv).exp()), mu, lv
v = VAE()
opt = torch.optim.Adam(v.parameters(), lr=3e-3)
mix = torch.randn(3, 12) / 3 ** 0.5
for i in range(50):
    x = torch.randn(64, 3) @ mix
    r, mu, lv = v(x)
    rec = F.mse_loss(r, x)
    kl = -0.5 * (1 + lv - mu ** 2 - lv.exp()).sum()
    loss = rec + 10.0 * kl  # coach: regularisation-dominates
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i % 10 == 0: print(i, rec.item(), kl.item())
# coach-also: loss-plateau, constant-predictions
