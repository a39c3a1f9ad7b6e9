"""model.requires_grad_(False) for an evaluation is never taken back."""

import gradbook as torch
import gradbook.nn as nn


class Trainer:
    def __init__(self):
        self.model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
        self.optimizer = torch.optim.Adam(self.model.parameters())

    def baseline(self, x, y):
        self.model.eval()
        self.model.requires_grad_(False)  # coach: nothing-requires-grad; fix: self.model.requires_grad_(True)
        return (self.model(x) - y).pow(2).mean().item()

    def fit(self, x, y, epochs=3):
        print("before", self.baseline(x, y))
        self.model.train()
        for epoch in range(epochs):
            loss = (self.model(x) - y).pow(2).mean()
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()


Trainer().fit(torch.randn(32, 4), torch.randn(32, 1))
