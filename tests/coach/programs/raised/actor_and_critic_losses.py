"""Actor-critic with a shared body in a function: policy loss and value loss backward one after the other."""

import gradbook as torch
import gradbook.nn as nn
from gradbook.distributions import Categorical

body = nn.Sequential(nn.Linear(4, 24), nn.Tanh())
policy_head, value_head = nn.Linear(24, 2), nn.Linear(24, 1)
params = [*body.parameters(), *policy_head.parameters(), *value_head.parameters()]
optimizer = torch.optim.Adam(params, lr=3e-3)


def update(states, returns):
    features = body(states)
    dist = Categorical(logits=policy_head(features))
    values = value_head(features).squeeze(-1)
    actions = dist.sample()
    advantage = returns - values.detach()
    actor_loss = -(dist.log_prob(actions) * advantage).mean()
    critic_loss = 0.5 * (returns - values).pow(2).mean()
    optimizer.zero_grad()
    actor_loss.backward()  # coach: backward-twice; fix: (actor_loss + critic_loss).backward()
    critic_loss.backward()
    optimizer.step()


for episode in range(4):
    update(torch.randn(10, 4), torch.randn(10))
