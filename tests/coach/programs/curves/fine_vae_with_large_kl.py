import gradbook as torch
from gradbook import nn

enc, dec = nn.Linear(10, 4), nn.Linear(2, 10)
opt = torch.optim.Adam([*enc.parameters(), *dec.parameters()], lr=1e-3)
data = torch.rand(64, 10)
for step in range(8):
    mu, logvar = enc(data * 4).chunk(2, dim=1)
    z = mu + (0.5 * logvar).exp() * torch.randn_like(mu)
    recon = nn.functional.mse_loss(dec(z), data)
    kl = -0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(1).mean()
    loss = recon + 4.0 * kl
    opt.zero_grad()
    loss.backward()
    opt.step()
