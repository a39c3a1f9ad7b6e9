# Energy-based model, contrastive divergence with a persistent Langevin chain
import gradbook as torch
import gradbook.nn as nn

torch.manual_seed(55)


def checker(n):
    cell = torch.randint(0, 2, (n,)).float() * 2 - 1
    p = torch.stack([cell, cell], 1) * 0.8
    return p + 0.35 * torch.randn(n, 2)


class Energy(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 48), nn.SiLU(), nn.Linear(48, 48), nn.SiLU(), nn.Linear(48, 1))

    def forward(self, x):
        return self.net(x).flatten()


energy = Energy()
opt = torch.optim.Adam(energy.parameters(), lr=2e-3, betas=(0.0, 0.99))
buffer = torch.randn(512, 2)


def langevin(x, steps=10, step_size=0.05):
    x = x.clone().requires_grad_(True)
    for _ in range(steps):
        g = torch.autograd.grad(energy(x).sum(), x)[0]
        with torch.no_grad():
            x -= step_size * g
            x += (2 * step_size) ** 0.5 * torch.randn_like(x)
            x.clamp_(-3, 3)
    return x.detach()


for it in range(100):
    idx = torch.randperm(512)[:64]
    restart = torch.rand(64, 1) < 0.05
    start = torch.where(restart, torch.randn(64, 2), buffer[idx])
    neg = langevin(start)
    buffer[idx] = neg

    e_pos, e_neg = energy(checker(64)), energy(neg)
    cd = e_pos.mean() - e_neg.mean()
    loss = cd + 0.1 * (e_pos.pow(2) + e_neg.pow(2)).mean()
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(energy.parameters(), 1.0)
    opt.step()
    if it % 20 == 19:
        print(f"it {it + 1:3d} cd {cd.item():+.3f} E+ {e_pos.mean().item():+.3f}")

with torch.no_grad():
    probe = torch.tensor([[0.8, 0.8], [-0.8, -0.8], [0.8, -0.8]])
    print("energies at modes and off-mode:", energy(probe).tolist())
