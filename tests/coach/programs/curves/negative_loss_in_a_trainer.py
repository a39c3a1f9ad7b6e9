"""The criterion's value is negated before backward() in a Trainer."""

import gradbook as torch
import gradbook.nn as nn


class Trainer:
    def __init__(self):
        self.net = nn.Sequential(nn.Linear(6, 20), nn.Tanh(), nn.Linear(20, 3))
        self.opt = torch.optim.SGD(self.net.parameters(), lr=0.5)
        self.criterion = nn.CrossEntropyLoss()

    def fit(self, X, y, epochs):
        for _ in range(epochs):
            self.opt.zero_grad()
            loss = -1 * self.criterion(self.net(X), y)  # coach: loss-diverged; fix: loss = self.criterion(self.net(X), y)
            loss.backward()
            self.opt.step()
            print(loss.item())


X = torch.randn(50, 6)
Trainer().fit(X, X[:, :3].argmax(1), 80)
