import numpy as np
import gradbook as torch
from gradbook import nn
from gradbook.distributions import Categorical

torch.manual_seed(1)
rng = np.random.default_rng(1)
policy = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 2))
opt = torch.optim.Adam(policy.parameters(), lr=1e-2)


def rollout(n=24):
    logps, rewards = [], []
    s = rng.standard_normal(4)
    for _ in range(n):
        obs = torch.as_tensor(s, dtype=torch.float32)
        d = Categorical(logits=policy(obs))
        a = d.sample()
        logps.append(d.log_prob(a))
        rewards.append(1.0 if (a.item() == 1) == (s[0] + s[1] > 0) else 0.0)
        s = rng.standard_normal(4)
    return torch.stack(logps), rewards


def discounted(rewards, gamma=0.6):
    out, g = np.zeros(len(rewards)), 0.0
    for t in reversed(range(len(rewards))):
        g = rewards[t] + gamma * g
        out[t] = g
    return out


for episode in range(40):
    logps, rewards = rollout()
    ret = torch.from_numpy(discounted(rewards))  # coach: dtype-creep; fix: .float()
    adv = (ret - ret.mean()) / (ret.std() + 1e-6)
    loss = -(logps * adv).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if episode % 10 == 9:
        print(episode + 1, "reward", sum(rewards) / len(rewards))
