import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn


class VAE(nn.Module):
    def __init__(self, d=24, z=3):
        super().__init__()
        self.encoder = nn.Linear(d, 2 * z)
        self.decoder = nn.Linear(z, d)

    def forward(self, x):
        mean, log_var = self.encoder(x).chunk(2, -1)
        z = mean + torch.randn_like(mean) * (log_var / 2).exp()
        return self.decoder(z), mean, log_var


def elbo(recon, x, mean, log_var, kl_weight=50.0):  # coach: regularisation-dominates; fix: kl_weight=
    recon_loss = F.mse_loss(recon, x)
    kl_loss = (0.5 * (mean.pow(2) + log_var.exp() - 1 - log_var)).sum(1).mean()
    return recon_loss + kl_weight * kl_loss


torch.manual_seed(0)
data = torch.randn(200, 3) @ torch.randn(3, 24)
vae = VAE()
opt = torch.optim.Adam(vae.parameters(), lr=1e-2)
for step in range(80):
    x = data[torch.randint(0, 200, (64,))]
    loss = elbo(vae(x)[0], x, *vae(x)[1:])
    opt.zero_grad()
    loss.backward()
    opt.step()  # coach-also: loss-plateau, constant-predictions
