"""The squared error of a regression is not averaged, in a Trainer's method."""

import gradbook as torch
import gradbook.nn as nn


class Regressor:
    def __init__(self):
        self.lin = nn.Linear(2, 1)
        self.sgd = torch.optim.SGD(self.lin.parameters(), lr=0.05)

    def train_batch(self, x, y):
        self.sgd.zero_grad()
        error = (self.lin(x) - y) ** 2
        error.backward()  # coach: non-scalar-backward; fix: error.sum().backward()
        self.sgd.step()


reg = Regressor()
for k in range(5):
    inputs = torch.randn(10, 2)
    reg.train_batch(inputs, inputs.sum(1, keepdim=True))
