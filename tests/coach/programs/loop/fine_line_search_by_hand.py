"""A backtracking line search evaluates loss and gradient several times before it takes a step."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=1.0)
x = torch.randn(20, 3)
y = x.sum(1, keepdim=True) * 2


def evaluate():
    opt.zero_grad()
    loss = nn.functional.mse_loss(net(x), y)
    loss.backward()
    return loss.item()


for it in range(6):
    first = evaluate()
    start = [p.detach().clone() for p in net.parameters()]
    direction = [p.grad.clone() for p in net.parameters()]
    rate = 1.0
    for trial in range(5):
        with torch.no_grad():
            for p, s, d in zip(net.parameters(), start, direction):
                p.copy_(s - rate * d)
        if evaluate() < first:
            break
        rate *= 0.3
    opt.param_groups[0]["lr"] = 1e-3
    opt.step()
