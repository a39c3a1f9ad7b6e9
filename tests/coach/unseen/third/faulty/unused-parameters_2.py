import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(33)


class GaussianEncoder(nn.Module):
    def __init__(self, d_in, d_hidden, d_latent):
        super().__init__()
        self.fc = nn.Linear(d_in, d_hidden)
        self.fc_mu = nn.Linear(d_hidden, d_latent)
        self.fc_logvar = nn.Linear(d_hidden, d_latent)

    def forward(self, x):
        h = F.silu(self.fc(x))
        mu = self.fc_mu(h)
        logvar = self.fc_mu(h)  # coach: unused-parameters; fix: self.fc_logvar(h)
        return mu, logvar


class Decoder(nn.Module):
    def __init__(self, d_latent, d_hidden, d_out):
        super().__init__()
        self.fc = nn.Linear(d_latent, d_hidden)
        self.out = nn.Linear(d_hidden, d_out)

    def forward(self, z):
        return self.out(F.silu(self.fc(z)))


def arcs(n):
    a = 3.1 * torch.rand(n, 1) - 1.55
    r = 1.0 + 0.1 * torch.randn(n, 1)
    pts = torch.cat([r * a.sin(), r * a.cos(), a * r, (2 * a).sin()], dim=1)
    return (pts - torch.tensor([0.0, 0.64, 0.0, 0.0])) / torch.tensor([0.77, 0.33, 0.9, 0.7])


encoder, decoder = GaussianEncoder(4, 32, 2), Decoder(2, 32, 4)
optimizer = torch.optim.Adam([{"params": encoder.parameters()}, {"params": decoder.parameters()}], lr=3e-3)

for step in range(200):
    x = arcs(100)
    mu, logvar = encoder(x)
    z = mu + torch.randn_like(mu) * (0.5 * logvar).exp()
    recon = (decoder(z) - x).pow(2).sum(1)
    kl = 0.5 * (mu.pow(2) + logvar.exp() - 1 - logvar).sum(1)
    loss = (recon / (2 * 0.1) + kl).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 40 == 0:
        print(step, round(loss.item(), 3), "kl", round(kl.mean().item(), 3))
