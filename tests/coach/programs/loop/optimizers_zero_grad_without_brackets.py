"""The same in a Trainer: self.optimizer.zero_grad."""

import gradbook as torch
import gradbook.nn as nn


class Trainer:
    def __init__(self, model, lr):
        self.model = model
        self.optimizer = torch.optim.Adam(model.parameters(), lr=lr)
        self.criterion = nn.MSELoss()

    def run(self, data, target, epochs):
        for _ in range(epochs):
            self.optimizer.zero_grad  # coach: missing-zero-grad; fix: self.optimizer.zero_grad()
            loss = self.criterion(self.model(data), target)
            loss.backward()
            self.optimizer.step()


Trainer(nn.Linear(4, 2), 1e-2).run(torch.randn(12, 4), torch.randn(12, 2), 5)
