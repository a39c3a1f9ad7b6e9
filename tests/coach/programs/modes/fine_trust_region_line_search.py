"""TRPO-like: the surrogate is evaluated a few times with its graph, of which one evaluation goes backward."""

import gradbook as torch
import gradbook.nn as nn
from gradbook.distributions import Categorical

pi = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 2))
opt = torch.optim.SGD(pi.parameters(), lr=0.05)


def surrogate(obs, act, adv, old):
    ratio = (Categorical(logits=pi(obs)).log_prob(act) - old).exp()
    return -(ratio * adv).mean()


for _ in range(6):
    obs, adv = torch.randn(20, 4), torch.randn(20)
    with torch.no_grad():
        dist = Categorical(logits=pi(obs))
        act = dist.sample()
        old = dist.log_prob(act)
    loss = surrogate(obs, act, adv, old)
    opt.zero_grad()
    loss.backward()
    opt.step()
    after = surrogate(obs, act, adv, old)
    print(loss.item(), after.item())
