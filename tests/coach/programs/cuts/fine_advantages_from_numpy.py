"""Advantages are computed in NumPy from values of a critic that has its own loss."""

import gradbook as torch
import gradbook.nn as nn
import numpy as np
from gradbook.distributions import Categorical

actor, critic = nn.Linear(3, 2), nn.Linear(3, 1)
opt_a, opt_c = torch.optim.Adam(actor.parameters(), 1e-2), torch.optim.Adam(critic.parameters(), 1e-2)
for _ in range(8):
    s, r = torch.randn(12, 3), np.random.rand(12).astype(np.float32)
    v = critic(s).squeeze(1)
    adv = torch.from_numpy(r - v.detach().numpy())
    dist = Categorical(logits=actor(s))
    a = dist.sample()
    loss_a = -(dist.log_prob(a) * adv).mean()
    opt_a.zero_grad()
    loss_a.backward()
    opt_a.step()
    loss_c = (v - torch.from_numpy(r)).pow(2).mean()
    opt_c.zero_grad()
    loss_c.backward()
    opt_c.step()
