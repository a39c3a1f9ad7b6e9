"""PPO with a clipped ratio, value loss and entropy bonus; several epochs over each rollout."""
import gradbook as torch
from gradbook import nn
from gradbook.distributions import Categorical

torch.manual_seed(0)


class ActorCritic(nn.Module):
    def __init__(self, obs, actions):
        super().__init__()
        self.shared = nn.Sequential(nn.Linear(obs, 32), nn.Tanh())
        self.pi = nn.Linear(32, actions)
        self.v = nn.Linear(32, 1)

    def forward(self, x):
        h = self.shared(x)
        return Categorical(logits=self.pi(h)), self.v(h).squeeze(-1)


def environment(n):
    obs = torch.randn(n, 4)
    best = obs[:, :3].argmax(1)
    return obs, best


net = ActorCritic(4, 3)
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
CLIP, EPOCHS, MINI = 0.2, 4, 32

for iteration in range(12):
    with torch.no_grad():
        obs, best = environment(64)
        dist, value = net(obs)
        action = dist.sample()
        old_logp = dist.log_prob(action)
        reward = (action == best).float()
        adv = reward - value
        adv = (adv - adv.mean()) / (adv.std() + 1e-8)
    for _ in range(EPOCHS):
        for idx in torch.randperm(64).split(MINI):
            dist, value = net(obs[idx])
            ratio = (dist.log_prob(action[idx]) - old_logp[idx]).exp()
            surrogate = torch.min(ratio * adv[idx], ratio.clamp(1 - CLIP, 1 + CLIP) * adv[idx])
            value_loss = (value - reward[idx]).pow(2).mean()
            loss = -surrogate.mean() + 0.5 * value_loss - 0.01 * dist.entropy().mean()
            opt.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 0.5)
            opt.step()
    if iteration % 3 == 0 or iteration == 11:
        print(f"iter {iteration:2d}  mean reward {reward.mean().item():.3f}  value loss {value_loss.item():.4f}")
