import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)
enc, dec = nn.Linear(12, 6), nn.Linear(3, 12)
opt = torch.optim.Adam([*enc.parameters(), *dec.parameters()], lr=1e-2)
data = torch.randn(128, 3) @ torch.randn(3, 12)
for i in range(80):
    mu, logvar = enc(data).chunk(2, 1)
    out = dec(mu + torch.randn_like(mu) * (0.5 * logvar).exp())
    rec = F.mse_loss(out, data, reduction="sum") / len(data)
    kl = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(1).mean()
    loss = rec + 0.5 * kl
    opt.zero_grad()
    loss.backward()
    opt.step()
