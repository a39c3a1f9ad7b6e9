import gradbook as torch
from gradbook import nn

torch.manual_seed(107)
CFG = {"z": 4, "n_critic": 5, "gp": 10.0, "lr": 2e-3, "betas": (0.5, 0.9), "batch": 48, "iters": 100}


def mlp(a, h, b):
    return nn.Sequential(nn.Linear(a, h), nn.LeakyReLU(0.2), nn.Linear(h, h), nn.LeakyReLU(0.2), nn.Linear(h, b))


def real_batch(n):
    centre = 1.2 * torch.randint(0, 2, (n, 1)).float() - 0.6
    return centre + 0.4 * torch.randn(n, 2)


class WGAN:
    def __init__(self, cfg):
        self.cfg = cfg
        self.gen = mlp(cfg["z"], 32, 2)
        self.critic = mlp(2, 32, 1)
        self.g_opt = torch.optim.Adam(self.gen.parameters(), lr=cfg["lr"] / 4, betas=cfg["betas"])
        self.c_opt = torch.optim.Adam(self.critic.parameters(), lr=cfg["lr"], betas=cfg["betas"])

    def noise(self):
        return torch.randn(self.cfg["batch"], self.cfg["z"])

    def penalty(self, real, fake):
        eps = torch.rand(real.shape[0], 1)
        mix = (eps * real + (1 - eps) * fake).requires_grad_(True)
        grad, = torch.autograd.grad(self.critic(mix).sum(), mix, create_graph=True)
        return ((grad.norm(2, dim=1) - 1) ** 2).mean()

    def critic_step(self):
        real = real_batch(self.cfg["batch"])
        fake = self.gen(self.noise()).detach()
        self.c_opt.zero_grad()
        gap = self.critic(fake).mean() - self.critic(real).mean()
        loss = gap + self.cfg["gp"] * self.penalty(real, fake)
        loss.backward()
        self.c_opt.step()
        return -gap.item()

    def generator_step(self):
        self.g_opt.zero_grad()
        loss = -self.critic(self.gen(self.noise())).mean()
        loss.backward()
        self.g_opt.step()

    def fit(self):
        for it in range(self.cfg["iters"]):
            for _ in range(self.cfg["n_critic"]):
                distance = self.critic_step()
            self.generator_step()
            if it % 20 == 19:
                print(f"iter {it + 1}: wasserstein estimate {distance:.3f}")


WGAN(CFG).fit()
