import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(30)

# 20-dimensional observations made of 3 hidden causes
causes = torch.randn(800, 3)
mix = torch.randn(3, 20)
obs = torch.tanh(causes @ mix) + 0.1 * torch.randn(800, 20)
obs = (obs - obs.mean(0)) / obs.std(0)
loader = DataLoader(TensorDataset(obs), batch_size=80, shuffle=True)

enc = nn.Sequential(nn.Linear(20, 40), nn.ELU(), nn.Linear(40, 2 * 3))
dec = nn.Sequential(nn.Linear(3, 40), nn.ELU(), nn.Linear(40, 20))
params = list(enc.parameters()) + list(dec.parameters())
opt = torch.optim.Adam(params, lr=3e-3)


def elbo_terms(x):
    mu, logvar = enc(x).chunk(2, dim=1)
    z = mu + torch.randn_like(mu) * torch.exp(logvar / 2)
    recon = 0.5 * (dec(z) - x).pow(2).sum(dim=1)
    kld = -0.5 * (1 + logvar - mu.pow(2) - logvar.exp()).sum(dim=1)  # coach-line: loss-diverged
    return recon.mean(), kld.mean()


for epoch in range(25):
    for (x,) in loader:
        recon, kld = elbo_terms(x)
        loss = recon - kld  # coach: loss-diverged; fix: recon + kld
        opt.zero_grad()
        loss.backward()  # coach-also: exploding-gradients
        opt.step()
    print(f"epoch {epoch:2d}  -elbo {loss.item():.3f}  recon {recon.item():.3f}  kl {kld.item():.3f}")
