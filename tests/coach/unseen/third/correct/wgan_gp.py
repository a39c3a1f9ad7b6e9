import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class Critic(nn.Module):
    def __init__(self, dim=2, width=32):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(dim, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1))

    def forward(self, x):
        return self.net(x).squeeze(-1)


class Generator(nn.Module):
    def __init__(self, z_dim=4, width=32, dim=2):
        super().__init__()
        self.z_dim = z_dim
        self.net = nn.Sequential(nn.Linear(z_dim, width), nn.ReLU(), nn.Linear(width, dim))

    def forward(self, n):
        return self.net(torch.randn(n, self.z_dim))


def gradient_penalty(critic, real, fake):
    eps = torch.rand(real.size(0), 1)
    mid = (eps * real + (1 - eps) * fake).requires_grad_(True)
    score = critic(mid)
    (grad,) = torch.autograd.grad(score.sum(), mid, create_graph=True)
    return ((grad.norm(2, dim=1) - 1) ** 2).mean()


class WGAN:
    def __init__(self, lr=1e-3, n_critic=3, gp_weight=10.0):
        self.critic, self.generator = Critic(), Generator()
        self.n_critic, self.gp_weight = n_critic, gp_weight
        self.opt_c = torch.optim.Adam(self.critic.parameters(), lr=lr, betas=(0.0, 0.9))
        self.opt_g = torch.optim.Adam(self.generator.parameters(), lr=lr, betas=(0.0, 0.9))

    def critic_step(self, real):
        with torch.no_grad():
            fake = self.generator(len(real))
        wasserstein = self.critic(fake).mean() - self.critic(real).mean()
        loss = wasserstein + self.gp_weight * gradient_penalty(self.critic, real, fake)
        self.opt_c.zero_grad()
        loss.backward()
        self.opt_c.step()
        return -wasserstein.item()

    def generator_step(self, n):
        loss = -self.critic(self.generator(n)).mean()
        self.opt_g.zero_grad()
        loss.backward()
        self.opt_g.step()

    def fit(self, loader, epochs):
        for epoch in range(epochs):
            dist = []
            for i, (real,) in enumerate(loader):
                dist.append(self.critic_step(real))
                if (i + 1) % self.n_critic == 0:
                    self.generator_step(len(real))
            print(f"epoch {epoch} estimated distance {sum(dist) / len(dist):.3f}")


torch.manual_seed(7)
corner = torch.randint(0, 2, (576, 2)).float() * 2 - 1
points = corner + 0.1 * torch.randn(576, 2)
WGAN().fit(DataLoader(TensorDataset(points), batch_size=48, shuffle=True), epochs=7)
