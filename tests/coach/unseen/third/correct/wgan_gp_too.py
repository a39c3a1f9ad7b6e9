import gradbook as torch
import gradbook.nn as nn

torch.manual_seed(7)
NZ, BATCH, N_CRITIC, LAMBDA = 3, 48, 5, 10.0


def mixture(n):
    side = (torch.rand(n, 1) < 0.5).float() * 2 - 1
    return torch.cat([side, -side], dim=1) * 0.9 + 0.2 * torch.randn(n, 2)


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(2, 40), nn.SiLU(), nn.Linear(40, 40), nn.SiLU(), nn.Linear(40, 1))

    def forward(self, x):
        return self.f(x).squeeze(-1)


critic = Critic()
gen = nn.Sequential(nn.Linear(NZ, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 2))
opt_c = torch.optim.Adam(critic.parameters(), lr=3e-3, betas=(0.5, 0.9))
opt_g = torch.optim.Adam(gen.parameters(), lr=3e-4, betas=(0.5, 0.9))


def gradient_penalty(real, fake):
    alpha = torch.rand(len(real), 1)
    mid = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
    scores = critic(mid)
    grad, = torch.autograd.grad(scores, mid, grad_outputs=torch.ones_like(scores), create_graph=True)
    norm = (grad.pow(2).sum(1) + 1e-12).sqrt()
    return ((norm - 1) ** 2).mean()


for it in range(200):
    for _ in range(N_CRITIC):
        real = mixture(BATCH)
        with torch.no_grad():
            fake = gen(torch.randn(BATCH, NZ))
        gp = gradient_penalty(real, fake)
        wass = critic(real).mean() - critic(fake).mean()
        c_loss = -wass + LAMBDA * gp
        opt_c.zero_grad(set_to_none=True)
        c_loss.backward()
        opt_c.step()

    for p in critic.parameters():
        p.requires_grad_(False)
    g_loss = -critic(gen(torch.randn(BATCH, NZ))).mean()
    opt_g.zero_grad(set_to_none=True)
    g_loss.backward()
    opt_g.step()
    for p in critic.parameters():
        p.requires_grad_(True)

    if it % 40 == 39:
        print(f"it {it + 1:3d}  W {wass.item():+.3f}  gp {gp.item():.4f}  G {g_loss.item():+.3f}")
