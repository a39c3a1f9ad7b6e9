"""A new head for the second task; the loop that trains calls the model by another name."""

import gradbook as torch
from gradbook import nn, optim
from gradbook.nn import functional as F


class Trunk(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, 20), nn.Tanh(), nn.Linear(20, 20), nn.Tanh())
        self.head = nn.Linear(20, classes)

    def forward(self, x):
        return self.head(self.body(x))


def learn(model, x, y, opt):
    for _ in range(6):
        for rows in torch.randperm(len(x)).split(20):
            opt.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            opt.step()


torch.manual_seed(0)
x = torch.randn(100, 6)
trunk = Trunk(4)
sgd = optim.SGD(trunk.parameters(), lr=0.05)
learn(trunk, x, x[:, :4].argmax(1), sgd)
trunk.head = nn.Linear(20, 2)  # coach: stale-optimizer; fix: sgd = optim.SGD(trunk.parameters(), lr=0.05)
learn(trunk, x, (x[:, 5] > 0).long(), sgd)
