"""Advantage actor-critic on a contextual 'walk to the flag' corridor."""
import gradbook as torch
from gradbook import nn
from gradbook.distributions import Categorical

torch.manual_seed(11)
GAMMA, LENGTH = 0.95, 5


class Corridor:
    """Positions -1..1 in five cells; the flag is at the right end."""

    def reset(self, n):
        self.pos = torch.randint(0, LENGTH - 1, (n,))
        self.alive = torch.ones(n)
        return self.obs()

    def obs(self):
        x = self.pos.float() / (LENGTH - 1) * 2 - 1
        return torch.stack([x, torch.cos(3.0 * x)], dim=1)

    def step(self, a):
        self.pos = (self.pos + 2 * a - 1).clamp(0, LENGTH - 1)
        won = (self.pos == LENGTH - 1).float()
        reward = (won - 0.05) * self.alive
        self.alive = self.alive * (1 - won)
        return self.obs(), reward


def mlp(n_out):
    return nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, n_out))


actor, critic = mlp(2), mlp(1)
actor_opt = torch.optim.Adam(actor.parameters(), lr=5e-3)
critic_opt = torch.optim.Adam(critic.parameters(), lr=5e-3)
env = Corridor()

for episode in range(60):
    obs, logps, values, rewards, masks = env.reset(24), [], [], [], []
    for t in range(8):
        dist = Categorical(logits=actor(obs))
        action = dist.sample()
        values.append(critic(obs).squeeze(1))
        masks.append(env.alive)
        obs, r = env.step(action)
        logps.append(dist.log_prob(action))
        rewards.append(r)

    ret, returns = torch.zeros(24), []
    for r in reversed(rewards):
        ret = r + GAMMA * ret
        returns.insert(0, ret)
    returns, values, mask = torch.stack(returns), torch.stack(values), torch.stack(masks)
    advantage = (returns - values).detach()

    actor_loss = -(torch.stack(logps) * advantage * mask).sum() / mask.sum()
    actor_opt.zero_grad()
    actor_loss.backward()
    actor_opt.step()

    critic_loss = ((returns - values).pow(2) * mask).sum() / mask.sum()
    critic_loss.backward()  # coach: missing-zero-grad; fix: critic_opt.zero_grad()
    critic_opt.step()

    if episode % 10 == 9:
        print(f"{episode + 1:3d}  return {torch.stack(rewards).sum(0).mean().item():.3f}  "
              f"critic loss {critic_loss.item():.4f}")
