"""The loss before the training is printed once, then trained: no evaluation loop."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.05)
x = torch.randn(30, 3)
y = x.sum(1, keepdim=True)
print(nn.functional.mse_loss(net(x), y).item())
for _ in range(10):
    loss = nn.functional.mse_loss(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(loss.item(), (net(x)[0] - y[0]).item())
