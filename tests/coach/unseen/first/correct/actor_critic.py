"""One-step advantage actor critic, two networks and two optimizers."""
import gradbook as torch
from gradbook import nn
from gradbook.distributions import Categorical

torch.manual_seed(2)

actor = nn.Sequential(nn.Linear(5, 24), nn.ReLU(), nn.Linear(24, 2))
critic = nn.Sequential(nn.Linear(5, 24), nn.ReLU(), nn.Linear(24, 1))
actor_opt = torch.optim.RMSprop(actor.parameters(), lr=2e-3)
critic_opt = torch.optim.RMSprop(critic.parameters(), lr=5e-3)
GAMMA = 0.9


def encode(cell):
    v = torch.zeros(5)
    v[cell] = 1.0
    return v


for episode in range(10):
    cell, steps, total = 0, 0, 0.0
    while cell != 4 and steps < 12:
        s = encode(cell)
        dist = Categorical(logits=actor(s))
        a = dist.sample()
        new = min(4, cell + 1) if a.item() == 1 else max(0, cell - 1)
        r = 1.0 if new == 4 else -0.05
        value = critic(s).squeeze()
        with torch.no_grad():
            bootstrap = torch.tensor(0.0) if new == 4 else critic(encode(new)).squeeze()
            td_target = r + GAMMA * bootstrap
        advantage = (td_target - value).detach()

        actor_loss = -dist.log_prob(a) * advantage - 0.01 * dist.entropy()
        critic_loss = (td_target - value) ** 2

        actor_opt.zero_grad()
        actor_loss.backward()
        actor_opt.step()
        critic_opt.zero_grad()
        critic_loss.backward()
        critic_opt.step()

        cell, steps, total = new, steps + 1, total + r
    print(f"ep {episode:2d}  steps {steps:2d}  return {total:.2f}")
