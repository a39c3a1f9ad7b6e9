"""The loss goes backward in the step function and again, to look at gradients, in the logger."""

import gradbook as torch
import gradbook.nn as nn

model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.SGD(model.parameters(), lr=0.1)


def log_gradients(loss):
    loss.backward()  # coach: backward-twice
    return sum(p.grad.norm().item() for p in model.parameters())


for epoch in range(3):
    x = torch.randn(6, 4)
    loss = (model(x) - x.mean(1, keepdim=True)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(log_gradients(loss))
