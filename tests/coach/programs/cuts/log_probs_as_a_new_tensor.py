"""REINFORCE: the log-probabilities of an episode are put into a new tensor that asks for a gradient."""

import gradbook as torch
from gradbook import nn, optim
from gradbook.distributions import Categorical


def episode(policy, length):
    logs, won = [], []
    for _ in range(length):
        side = torch.randn(3)
        chances = Categorical(logits=policy(side))
        choice = chances.sample()
        logs.append(chances.log_prob(choice))
        won.append(float(int(choice) == int(side[0] > 0)))
    return logs, torch.tensor(won)


torch.manual_seed(3)
policy = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 2))
adam = optim.Adam(policy.parameters(), lr=5e-3)
for _ in range(12):
    logs, won = episode(policy, 10)
    logs = torch.tensor(logs, requires_grad=True)  # coach: detached-graph; fix: logs = torch.stack(logs)
    loss = -(logs * (won - won.mean())).sum()
    adam.zero_grad()
    loss.backward()
    adam.step()
