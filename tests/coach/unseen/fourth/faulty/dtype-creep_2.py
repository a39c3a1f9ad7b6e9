"""REINFORCE on a 1-d balance task; returns are discounted with numpy."""
import numpy as np
import gradbook as torch
from gradbook import nn
from gradbook.distributions import Categorical

torch.manual_seed(23)
rng = np.random.default_rng(23)


def discounted(rewards, gamma=0.95):
    out = np.zeros(len(rewards))
    acc = 0.0
    for i in reversed(range(len(rewards))):
        acc = rewards[i] + gamma * acc
        out[i] = acc
    return (out - out.mean()) / (out.std() + 1e-8)


policy = nn.Sequential(nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, 2))
optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)


def rollout(length=25):
    pos, vel = rng.uniform(-1, 1), 0.0
    log_probs, rewards = [], []
    for _ in range(length):
        obs = torch.tensor([pos, vel], dtype=torch.float32)
        dist = Categorical(logits=policy(obs))
        act = dist.sample()
        log_probs.append(dist.log_prob(act))
        vel = 0.8 * vel + (0.1 if act.item() == 1 else -0.1)
        pos = float(np.clip(pos + vel, -2, 2))
        rewards.append(-abs(pos))
    return torch.stack(log_probs), rewards


for episode in range(30):
    log_probs, rewards = rollout()
    returns = torch.from_numpy(discounted(rewards))  # coach: dtype-creep; fix: .float()
    loss = -(log_probs * returns).mean()  # coach-line: dtype-creep
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if episode % 10 == 0:
        print(episode, "return", round(sum(rewards), 2))
