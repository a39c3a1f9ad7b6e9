"""REINFORCE whose baseline keeps the graph of the losses before."""

import gradbook as torch
import gradbook.nn as nn
from gradbook.distributions import Categorical


class Agent:
    def __init__(self):
        self.policy = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 2))
        self.value = nn.Linear(4, 1)
        self.opt = torch.optim.Adam([*self.policy.parameters(), *self.value.parameters()], lr=1e-2)
        self.baseline = torch.tensor(0.0)

    def learn(self, states, rewards):
        dist = Categorical(logits=self.policy(states))
        actions = dist.sample()
        v = self.value(states).squeeze(1)
        self.baseline = 0.9 * self.baseline + 0.1 * torch.tanh(v).mean()  # coach: backward-twice; fix: self.baseline.detach()
        loss = -(dist.log_prob(actions) * (rewards - self.baseline)).mean() + (v - rewards).pow(2).mean()
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()


agent = Agent()
for episode in range(5):
    agent.learn(torch.randn(10, 4), torch.rand(10))
