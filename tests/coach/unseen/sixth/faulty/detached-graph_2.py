# DDPG on a one-step continuous bandit: reward = -(a - g(s))^2
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(7)


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.q = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, s, a):
        return self.q(torch.cat([s, a], dim=1)).squeeze(1)


actor = nn.Sequential(nn.Linear(3, 32), nn.ReLU(), nn.Linear(32, 1), nn.Tanh())
critic = Critic()
opt_a = torch.optim.Adam(actor.parameters(), lr=1e-3)
opt_c = torch.optim.Adam(critic.parameters(), lr=3e-3)
w_true = torch.tensor([0.6, -0.4, 0.3])


def env(s, a):
    return -(a.squeeze(1) - torch.tanh(s @ w_true)) ** 2


for it in range(120):
    s = torch.randn(64, 3)
    with torch.no_grad():
        a = (actor(s) + 0.3 * torch.randn(64, 1)).clamp(-1, 1)
    r = env(s, a)

    critic_loss = F.mse_loss(critic(s, a), r)
    opt_c.zero_grad()
    critic_loss.backward()
    opt_c.step()

    actor_loss = -critic(s, actor(s).detach()).mean()  # coach: detached-graph; fix: critic(s, actor(s)).mean()
    opt_a.zero_grad()
    actor_loss.backward()
    opt_a.step()
    if it % 30 == 29:
        print(it + 1, f"critic {critic_loss.item():.4f}  actor {actor_loss.item():.4f}")
# coach-also: unused-parameters
