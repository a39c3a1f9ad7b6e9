"""Predictions are compared one by one, in Python, in every step."""

import gradbook as torch
from gradbook import nn


def train(model, data, labels, steps):
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(steps):
        out = model(data)
        loss = nn.functional.cross_entropy(out, labels)
        opt.zero_grad()
        loss.backward()
        opt.step()
        sure = 0
        for row in out.softmax(dim=1):
            if row.max().item() > 0.9:  # coach: host-sync-in-loop; fix: row.max().detach()
                sure += 1
        if step == steps - 1:
            print(sure)


train(nn.Linear(4, 3), torch.randn(40, 4), torch.randint(0, 3, (40,)), 6)
