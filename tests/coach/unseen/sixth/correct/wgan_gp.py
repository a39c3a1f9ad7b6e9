"""WGAN-GP (Gulrajani et al. 2017) on a 2-D mixture."""
import gradbook as torch
from gradbook import nn

torch.manual_seed(1)
MODES = torch.tensor([[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]])


def sample(n):
    return MODES[torch.randint(0, 4, (n,))] + 0.15 * torch.randn(n, 2)


def mlp(i, o, h=32):
    return nn.Sequential(nn.Linear(i, h), nn.LeakyReLU(0.2), nn.Linear(h, h), nn.LeakyReLU(0.2), nn.Linear(h, o))


gen, critic = mlp(4, 2), mlp(2, 1)
og = torch.optim.Adam(gen.parameters(), lr=5e-4, betas=(0.0, 0.9))
oc = torch.optim.Adam(critic.parameters(), lr=2e-3, betas=(0.0, 0.9))


def penalty(real, fake):
    mix = torch.rand(len(real), 1)
    pt = (mix * real + (1 - mix) * fake).requires_grad_(True)
    g, = torch.autograd.grad(critic(pt).sum(), pt, create_graph=True)
    return ((g.norm(2, dim=1) - 1) ** 2).mean()


B = 64
for it in range(80):
    for _ in range(5):
        real = sample(B)
        with torch.no_grad():
            fake = gen(torch.randn(B, 4))
        wd = critic(real).mean() - critic(fake).mean()
        loss_c = -wd + 10 * penalty(real, fake)
        oc.zero_grad()
        loss_c.backward()
        oc.step()

    critic.requires_grad_(False)
    loss_g = -critic(gen(torch.randn(B, 4))).mean()
    og.zero_grad()
    loss_g.backward()
    og.step()
    critic.requires_grad_(True)
    if it % 20 == 19:
        print(f"{it + 1:3d} wasserstein {wd.item():+.3f}  gen {loss_g.item():+.3f}")
