"""REINFORCE with a running baseline on a short corridor: walk right to reach the goal."""
import gradbook as torch
from gradbook import nn
from gradbook.distributions import Categorical

torch.manual_seed(7)
LENGTH, GAMMA = 6, 0.95


class Corridor:
    def reset(self):
        self.pos, self.t = 0, 0
        return self.pos

    def step(self, action):
        self.pos = max(0, self.pos + (1 if action == 1 else -1))
        self.t += 1
        done = self.pos == LENGTH - 1 or self.t >= 20
        reward = 1.0 if self.pos == LENGTH - 1 else -0.05
        return self.pos, reward, done


policy = nn.Sequential(nn.Linear(LENGTH, 16), nn.Tanh(), nn.Linear(16, 2))
optimizer = torch.optim.Adam(policy.parameters(), lr=2e-2)
eye = torch.eye(LENGTH)
env = Corridor()
baseline = 0.0
returns_log = []

for episode in range(40):
    state, done = env.reset(), False
    log_probs, rewards = [], []
    while not done:
        dist = Categorical(logits=policy(eye[state].unsqueeze(0)))
        action = dist.sample()
        log_probs.append(dist.log_prob(action))
        state, r, done = env.step(action.item())
        rewards.append(r)
    returns, g = [], 0.0
    for r in reversed(rewards):
        g = r + GAMMA * g
        returns.insert(0, g)
    returns = torch.tensor(returns)
    advantage = returns - baseline
    baseline = 0.9 * baseline + 0.1 * returns.mean().item()
    loss = -(torch.cat(log_probs) * advantage).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    returns_log.append(sum(rewards))

print("first ten episodes ", sum(returns_log[:10]) / 10)
print("last ten episodes  ", sum(returns_log[-10:]) / 10)
