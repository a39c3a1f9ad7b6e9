"""Fit a chain of planar flows to an energy function by minimising the reverse KL (the loss may be negative)."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)


class Planar(nn.Module):
    def __init__(self):
        super().__init__()
        self.u = nn.Parameter(0.1 * torch.randn(2))
        self.w = nn.Parameter(0.1 * torch.randn(2))
        self.b = nn.Parameter(torch.zeros(1))

    def forward(self, z):
        wu = self.w @ self.u
        u = self.u + (F.softplus(wu) - 1 - wu) * self.w / (self.w @ self.w + 1e-6)
        a = torch.tanh(z @ self.w + self.b)
        psi = (1 - a.pow(2)).unsqueeze(1) * self.w
        return z + u * a.unsqueeze(1), torch.log(torch.abs(1 + psi @ u) + 1e-8)


def log_density(z):
    return -0.5 * ((z[:, 1] - torch.sin(1.5 * z[:, 0])) / 0.5).pow(2) - 0.5 * (z[:, 0] / 1.5).pow(2)


flows = nn.ModuleList([Planar() for _ in range(6)])
scale = nn.Parameter(torch.zeros(2))
opt = torch.optim.Adam(list(flows.parameters()) + [scale], lr=1e-2)
for it in range(80):
    eps = torch.randn(128, 2)
    z = eps * scale.exp()
    log_q = -0.5 * eps.pow(2).sum(1) - scale.sum()
    for flow in flows:
        z, logdet = flow(z)
        log_q = log_q - logdet
    loss = (log_q - log_density(z)).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 20 == 0 or it == 79:
        print(it, round(loss.item(), 4))
