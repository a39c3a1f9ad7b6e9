"""LBFGS whose closure raises in the third step: a program that is stopped, and no fault of order."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
optimizer = torch.optim.LBFGS(net.parameters(), max_iter=4)
x = torch.rand(20, 2)
y = x.prod(1, keepdim=True)
calls = 0


def closure():
    global calls
    calls += 1
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(net(x), y)
    loss.backward()
    if calls > 9:
        raise KeyboardInterrupt if False else RuntimeError("stopped by the user")
    return loss


for _ in range(6):
    optimizer.step(closure)
