"""A function freezes features, and is called with the whole network."""

import gradbook as torch
import gradbook.nn as nn


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(10, 20), nn.ReLU())
        self.head = nn.Linear(20, 4)

    def forward(self, x):
        return self.head(self.features(x))


def set_trainable(module, flag):
    for p in module.parameters():
        p.requires_grad_(flag)


def train(net, steps):
    set_trainable(net, False)  # coach: nothing-requires-grad; fix: set_trainable(net, True)
    opt = torch.optim.Adam(net.parameters(), lr=1e-3)
    for _ in range(steps):
        x, y = torch.randn(6, 10), torch.randint(0, 4, (6,))
        loss = nn.functional.cross_entropy(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()


train(Classifier(), 3)
