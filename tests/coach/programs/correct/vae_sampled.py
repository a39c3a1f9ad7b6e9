import gradbook as torch
import gradbook.nn as nn


class VAE(nn.Module):
    def __init__(s):
        super().__init__()
        s.enc = nn.Sequential(nn.Linear(8, 8), nn.ReLU())
        s.mu = nn.Linear(8, 2)
        s.lv = nn.Linear(8, 2)
        s.dec = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 8))

    def encode(s, x):
        h = s.enc(x)
        return s.mu(h), s.lv(h)

    def decode(s, z):
        return s.dec(z)

    def forward(s, x):
        mu, lv = s.encode(x)
        z = mu + torch.randn_like(mu) * (0.5 * lv).exp()
        return s.decode(z), mu, lv


m = VAE()
o = torch.optim.Adam(m.parameters(), 1e-3)
X = torch.rand(40, 8)
for e in range(6):
    r, mu, lv = m(X)
    loss = nn.functional.mse_loss(r, X, reduction="sum") / 40 - 0.5 * (1 + lv - mu**2 - lv.exp()).sum(1).mean()
    o.zero_grad()
    loss.backward()
    o.step()
m.eval()
with torch.no_grad():
    print(m.decode(torch.randn(4, 2)))
