# REINFORCE, one state at a time, whitened returns; a cart must be kept near the middle of a track.
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.distributions import Categorical

torch.manual_seed(543)


class Track:
    def reset(self):
        self.x, self.v = (torch.rand(2) - 0.5).tolist()
        return torch.tensor([self.x, self.v])

    def step(self, action):
        push = 0.3 if action == 1 else -0.3
        self.v = 0.9 * self.v + push + 0.05 * torch.randn(()).item()
        self.x += 0.3 * self.v
        return torch.tensor([self.x, self.v]), max(0.0, 1.0 - abs(self.x)), abs(self.x) > 1.2


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.affine1, self.affine2 = nn.Linear(2, 24), nn.Linear(24, 2)
        self.saved_log_probs, self.rewards = [], []

    def forward(self, x):
        return F.softmax(self.affine2(F.relu(self.affine1(x))), dim=1)


policy, env = Policy(), Track()
optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)


def select_action(state):
    m = Categorical(policy(state.unsqueeze(0)))
    action = m.sample()
    policy.saved_log_probs.append(m.log_prob(action))
    return action.item()


def finish_episode():
    R, returns = 0.0, []
    for r in policy.rewards[::-1]:
        R = r + 0.95 * R
        returns.insert(0, R)
    returns = torch.tensor(returns)
    returns = (returns - returns.mean()) / (returns.std() + 1e-8)
    terms = [-lp * R for lp, R in zip(policy.saved_log_probs, returns)]
    optimizer.zero_grad()
    policy_loss = torch.cat(terms).sum()
    policy_loss.backward()
    optimizer.step()
    del policy.rewards[:], policy.saved_log_probs[:]


running = 5.0
for i_episode in range(60):
    state, total = env.reset(), 0.0
    for _ in range(30):
        state, reward, done = env.step(select_action(state))
        policy.rewards.append(reward)
        total += reward
        if done:
            break
    finish_episode()
    running = 0.05 * total + 0.95 * running
    if i_episode % 20 == 19:
        print(f"Episode {i_episode + 1}\tLast reward: {total:.2f}\tAverage reward: {running:.2f}")
