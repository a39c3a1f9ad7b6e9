"""h is a default argument that lives on in a closure."""

import gradbook as torch
import gradbook.nn as nn

Wx, Wh, out = nn.Linear(3, 8), nn.Linear(8, 8), nn.Linear(8, 1)
params = [p for m in (Wx, Wh, out) for p in m.parameters()]
opt = torch.optim.SGD(params, lr=0.01)


def make_stepper():
    h = torch.zeros(4, 8)

    def step(x):
        nonlocal h
        h = torch.tanh(Wx(x) + Wh(h))  # coach: backward-twice; fix: h.detach()
        return out(h)

    return step


step = make_stepper()
for t in range(5):
    loss = step(torch.randn(4, 3)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
