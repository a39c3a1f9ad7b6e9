import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(1)


class Gen(nn.Module):
    def __init__(self, z=4):
        super().__init__()
        self.z = z
        self.net = nn.Sequential(nn.Linear(z, 32), nn.ReLU(), nn.Linear(32, 2))

    def forward(self, n):
        return self.net(torch.randn(n, self.z))


critic = nn.Sequential(nn.Linear(2, 32), nn.LeakyReLU(0.2), nn.Linear(32, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
gen = Gen()
opt_c = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.0, 0.9))
opt_g = torch.optim.Adam(gen.parameters(), lr=1e-3, betas=(0.0, 0.9))


def penalty(real, fake):
    u = torch.rand(len(real), 1)
    mid = (u * real + (1 - u) * fake).requires_grad_(True)
    out = critic(mid)
    (g,) = torch.autograd.grad(out.sum(), mid, create_graph=True)
    return ((g.norm(dim=1) - 1) ** 2).mean()


for it in range(30):
    for _ in range(3):
        real = torch.randn(48, 2) * 0.4 + torch.tensor([1.0, 1.0])
        with torch.no_grad():
            fake = gen(48)
        loss_c = critic(fake).mean() - critic(real).mean() + 10 * penalty(real, fake)
        opt_c.zero_grad()
        loss_c.backward()
        opt_c.step()
    loss_g = -critic(gen(48)).mean()
    opt_g.zero_grad()
    loss_g.backward()
    opt_g.step()
    if it % 10 == 0:
        print(it, loss_c.item(), loss_g.item())
