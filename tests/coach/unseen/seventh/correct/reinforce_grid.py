from dataclasses import dataclass, field

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(13)
SIZE, HORIZON = 5, 12


@dataclass
class Episode:
    log_probs: list = field(default_factory=list)
    entropies: list = field(default_factory=list)
    rewards: list = field(default_factory=list)


def encode(pos):
    return F.one_hot(torch.tensor(pos), SIZE).float()


def play(policy):
    """Walk on a line from the left end; the goal is the right end."""
    ep, pos = Episode(), 0
    for _ in range(HORIZON):
        log_p = F.log_softmax(policy(encode(pos)), dim=-1)
        action = torch.multinomial(log_p.detach().exp(), 1).item()
        pos = min(SIZE - 1, max(0, pos + (1 if action else -1)))
        ep.log_probs.append(log_p[action])
        ep.entropies.append(-(log_p.exp() * log_p).sum())
        done = pos == SIZE - 1
        ep.rewards.append(1.0 if done else -0.1)
        if done:
            break
    return ep


def returns(rewards, gamma=0.95):
    out, acc = [], 0.0
    for r in reversed(rewards):
        acc = r + gamma * acc
        out.append(acc)
    return out[::-1]


policy = nn.Sequential(nn.Linear(SIZE, 16), nn.Tanh(), nn.Linear(16, 2))
opt = torch.optim.Adam(policy.parameters(), lr=1e-2)
for it in range(40):
    episodes = [play(policy) for _ in range(8)]
    log_probs = torch.stack([lp for ep in episodes for lp in ep.log_probs])
    entropy = torch.stack([e for ep in episodes for e in ep.entropies]).mean()
    G = torch.tensor([g for ep in episodes for g in returns(ep.rewards)])
    advantage = (G - G.mean()) / (G.std() + 1e-6)
    loss = -(log_probs * advantage).mean() - 0.01 * entropy
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 10 == 9:
        print(it, "mean reward", sum(sum(ep.rewards) for ep in episodes) / len(episodes))
