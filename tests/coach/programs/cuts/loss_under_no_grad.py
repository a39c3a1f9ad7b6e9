"""The loss stands in a no_grad block together with the metrics."""

import gradbook as torch
import gradbook.nn as nn


def step(net, opt, x, y):
    out = net(x)
    with torch.no_grad():  # coach: training-under-no-grad
        acc = (out.argmax(1) == y).float().mean()
        loss = nn.functional.cross_entropy(out, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    return loss.item(), acc.item()


net = nn.Linear(4, 3)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(3):
    step(net, opt, torch.randn(8, 4), torch.randint(0, 3, (8,)))
