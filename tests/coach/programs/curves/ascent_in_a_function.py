"""An optimizer of one's own that adds the gradient."""

import gradbook as torch
import gradbook.nn as nn


class MySGD:
    def __init__(self, params, lr):
        self.params, self.lr = list(params), lr

    def step(self):
        with torch.no_grad():
            for p in self.params:
                p.add_(self.lr * p.grad)  # coach: loss-diverged; fix: p.sub_(self.lr * p.grad)

    def zero_grad(self):
        for p in self.params:
            p.grad = None


model = nn.Linear(5, 1)
opt = MySGD(model.parameters(), lr=0.1)
x = torch.randn(40, 5)
t = x.mean(1, keepdim=True)
for epoch in range(80):
    loss = nn.functional.mse_loss(model(x), t)
    opt.zero_grad()
    loss.backward()
    opt.step()
