"""A trainer's step goes backward, and the loop that logs does so once more."""

import gradbook as torch
import gradbook.nn as nn


class Learner:
    def __init__(self, net):
        self.net = net
        self.opt = torch.optim.SGD(net.parameters(), lr=0.05)
        self.crit = nn.CrossEntropyLoss()

    def compute(self, xb, yb):
        loss = self.crit(self.net(xb), yb)
        loss.backward()
        return loss


learner = Learner(nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 3)))
for step in range(4):
    xb, yb = torch.randn(10, 6), torch.randint(0, 3, (10,))
    learner.opt.zero_grad()
    loss = learner.compute(xb, yb)
    loss.backward()  # coach: backward-twice
    learner.opt.step()
