"""Logging per-sample losses with .item()."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Linear(5, 2)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
history = []


def train(n):
    for i in range(n):
        x, y = torch.randn(6, 5), torch.randint(0, 2, (6,))
        per_sample = nn.functional.cross_entropy(net(x), y, reduction="none")
        loss = per_sample.mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        history.append(per_sample.item())  # coach: item-on-non-scalar; fix: per_sample.mean().item()


train(3)
