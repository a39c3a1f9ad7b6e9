"""The training step returns loss.item(), and the loop goes backward from a tensor of it."""

import gradbook as torch
import gradbook.nn as nn


class Trainer:
    def __init__(self):
        self.model = nn.Sequential(nn.Linear(3, 10), nn.ReLU(), nn.Linear(10, 2))
        self.opt = torch.optim.SGD(self.model.parameters(), lr=0.1)

    def compute_loss(self, x, y):
        logits = self.model(x)
        return nn.functional.cross_entropy(logits, y).item()  # coach: detached-graph; fix: return nn.functional.cross_entropy(logits, y)

    def fit(self, batches):
        for x, y in batches:
            loss = torch.tensor(self.compute_loss(x, y), requires_grad=True)
            self.opt.zero_grad()
            loss.backward()
            self.opt.step()


Trainer().fit([(torch.randn(8, 3), torch.randint(0, 2, (8,))) for _ in range(6)])
