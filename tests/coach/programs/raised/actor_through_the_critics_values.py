"""Two optimizers: the advantage keeps the graph of the critic, whose loss went backward before."""

import gradbook as torch
import gradbook.nn as nn
from gradbook.distributions import Categorical

actor = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3))
critic = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
actor_optim = torch.optim.Adam(actor.parameters(), lr=1e-3)
critic_optim = torch.optim.Adam(critic.parameters(), lr=1e-3)


def update(obs, returns):
    values = critic(obs).squeeze(-1)
    critic_loss = nn.functional.mse_loss(values, returns)
    critic_optim.zero_grad()
    critic_loss.backward()
    critic_optim.step()

    dist = Categorical(logits=actor(obs))
    action = dist.sample()
    advantage = returns - values  # coach: backward-twice; fix: returns - values.detach()
    actor_loss = -(dist.log_prob(action) * advantage).mean()
    actor_optim.zero_grad()
    actor_loss.backward()
    actor_optim.step()


for _ in range(3):
    update(torch.randn(12, 4), torch.randn(12))
