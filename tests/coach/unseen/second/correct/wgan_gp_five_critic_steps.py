"""WGAN-GP: five critic steps per generator step and a gradient penalty by double backward."""
import gradbook as torch
from gradbook import nn

torch.manual_seed(4)
LATENT, N_CRITIC, LAMBDA, B = 3, 5, 10.0, 32


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 32), nn.SiLU(), nn.Linear(32, 32), nn.SiLU(), nn.Linear(32, 1))

    def forward(self, x):
        return self.net(x)


gen = nn.Sequential(nn.Linear(LATENT, 32), nn.ReLU(), nn.Linear(32, 2))
critic = Critic()
opt_c = torch.optim.Adam(critic.parameters(), lr=2e-3, betas=(0.0, 0.9))
opt_g = torch.optim.Adam(gen.parameters(), lr=2e-3, betas=(0.0, 0.9))


def penalty(real, fake):
    eps = torch.rand(real.size(0), 1)
    mix = (eps * real + (1 - eps) * fake).requires_grad_(True)
    score = critic(mix)
    grad, = torch.autograd.grad(score.sum(), mix, create_graph=True)
    return (grad.norm(2, dim=1) - 1).pow(2).mean()


def real_data():
    return torch.tensor([1.0, -1.0]) + 0.3 * torch.randn(B, 2)


for step in range(24):
    for _ in range(N_CRITIC):
        real = real_data()
        with torch.no_grad():
            fake = gen(torch.randn(B, LATENT))
        loss_c = critic(fake).mean() - critic(real).mean() + LAMBDA * penalty(real, fake)
        opt_c.zero_grad()
        loss_c.backward()
        opt_c.step()
    fake = gen(torch.randn(B, LATENT))
    loss_g = -critic(fake).mean()
    opt_g.zero_grad()
    loss_g.backward()
    opt_g.step()
    if step % 6 == 0 or step == 23:
        print(step, "critic", round(loss_c.item(), 3), "mean", [round(v, 2) for v in fake.mean(0).tolist()])
