import copy

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Trainer:
    def __init__(self, model, lr):
        self.optimizer = torch.optim.SGD(model.parameters(), lr=lr)  # coach: stale-optimizer
        self.model = copy.deepcopy(model)

    def fit(self, x, y, epochs):
        for _ in range(epochs):
            self.optimizer.zero_grad()
            loss = F.cross_entropy(self.model(x), y)
            loss.backward()
            self.optimizer.step()
            self.model.zero_grad()


x, y = torch.randn(40, 5), torch.randint(0, 3, (40,))
Trainer(nn.Linear(5, 3), 0.1).fit(x, y, 6)
