"""The error rate of argmax predictions is used as a loss in a function."""

import gradbook as torch
import gradbook.nn as nn


def error_rate(logits, labels):
    guesses = logits.argmax(dim=1)  # coach: detached-graph; fix: cross_entropy(logits, labels)
    return (guesses != labels).float().mean().requires_grad_()


net = nn.Sequential(nn.Linear(4, 12), nn.Tanh(), nn.Linear(12, 3))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for step in range(6):
    x, y = torch.randn(20, 4), torch.randint(0, 3, (20,))
    loss = error_rate(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
