import gradbook as torch
from gradbook import nn
from gradbook.distributions import Categorical

torch.manual_seed(6)


class ActorCritic(nn.Module):
    def __init__(self, obs=6, acts=3):
        super().__init__()
        self.shared = nn.Sequential(nn.Linear(obs, 32), nn.Tanh())
        self.pi = nn.Linear(32, acts)
        self.v = nn.Linear(32, 1)

    def forward(self, obs):
        h = self.shared(obs)
        return Categorical(logits=self.pi(h)), self.v(h)  # coach-line: silent-broadcast


def play(agent, batch=64):
    """Contextual bandit: reward depends on which of three feature pairs is largest."""
    obs = torch.randn(batch, 6)
    dist, value = agent(obs)
    action = dist.sample()
    best = obs.view(batch, 3, 2).sum(-1).argmax(1)
    reward = (action == best).float()
    return dist, action, value, reward


agent = ActorCritic()
optimizer = torch.optim.Adam(agent.parameters(), lr=5e-3)
for update in range(60):
    dist, action, value, reward = play(agent)
    advantage = reward - value  # coach: silent-broadcast; fix: squeeze(
    actor_loss = -(dist.log_prob(action) * advantage.detach()).mean()
    critic_loss = advantage.pow(2).mean()
    loss = actor_loss + 0.5 * critic_loss - 0.01 * dist.entropy().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if update % 15 == 0:
        print(f"update {update}: mean reward {reward.mean().item():.3f}")
