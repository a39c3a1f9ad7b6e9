"""Early stopping compares vectors."""

import gradbook as torch
import gradbook.nn as nn


class Stopper:
    def __init__(self):
        self.best = None

    def better(self, errors):
        if self.best is None or errors < self.best:  # coach: item-on-non-scalar; fix: .mean()
            self.best = errors
            return True
        return False


net = nn.Linear(3, 2)
stopper = Stopper()
for epoch in range(4):
    with torch.no_grad():
        err = (net(torch.randn(10, 3)) - 1).pow(2).mean(dim=0)
    stopper.better(err)
