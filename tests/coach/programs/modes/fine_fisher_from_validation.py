"""EWC: after a task the model is put into eval mode and the squared gradients of the data are collected."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Sequential(nn.Linear(4, 10), nn.ReLU(), nn.Linear(10, 2))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
X, y = torch.randn(32, 4), torch.randint(0, 2, (32,))
for _ in range(5):
    opt.zero_grad()
    nn.functional.cross_entropy(net(X), y).backward()
    opt.step()
net.eval()
fisher = [torch.zeros_like(p) for p in net.parameters()]
for i in range(0, 32, 8):
    loss = nn.functional.cross_entropy(net(X[i : i + 8]), y[i : i + 8])
    grads = torch.autograd.grad(loss, list(net.parameters()))
    for f, g in zip(fisher, grads):
        f += g**2
    print(loss.item())
