import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader

torch.manual_seed(41)


class Gaussian(nn.Module):
    """Amortised Gaussian q(z|x)."""

    def __init__(self, d_in, d_z):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(d_in, 40), nn.ReLU())
        self.loc = nn.Linear(40, d_z)
        self.log_var = nn.Linear(40, d_z)

    def forward(self, x):
        h = self.trunk(x)
        return self.loc(h), self.log_var(h)


signal = torch.randn(512, 2) @ torch.randn(2, 16) * 0.7 + 0.1 * torch.randn(512, 16)
signal = (signal - signal.mean(0)) / signal.std(0)
loader = DataLoader(signal, batch_size=64, shuffle=True)

encoder = Gaussian(16, 2)
decoder = nn.Sequential(nn.Linear(2, 40), nn.ReLU(), nn.Linear(40, 16))
params = list(encoder.parameters()) + list(decoder.parameters())
opt = torch.optim.Adam(params, lr=3e-3)

for epoch in range(60):
    tot = 0.0
    for x in loader:
        loc, log_var = encoder(x)
        z = loc + torch.exp(0.5 * log_var) * torch.randn_like(loc)
        recon = F.mse_loss(decoder(z), x, reduction="none").sum(1).mean()
        kl = -0.5 * (1 + log_var - loc.square() - log_var.exp()).sum(1).mean()
        loss = recon - kl  # coach: loss-diverged; fix: recon + kl
        opt.zero_grad()
        loss.backward()  # coach-also: exploding-gradients
        opt.step()  # coach-also: regularisation-dominates
        tot += loss.item()
    if epoch % 10 == 0:
        print(f"epoch {epoch} elbo loss {tot / len(loader):.3f}")
print("final", tot / len(loader))
