"""A builder of deep networks that is given the class of the activation."""

import gradbook as torch
from gradbook import nn, optim


def stack(width, depth, between=nn.ReLU):
    layers = [nn.Linear(6, width), between()]
    for _ in range(depth):
        layers.append(nn.Linear(width, width))
        layers.append(between())
    return nn.Sequential(*layers, nn.Linear(width, 2))


torch.manual_seed(0)
x = torch.randn(192, 6)
y = (x[:, 0] * x[:, 1] > 0).long()
net = stack(24, 9, between=nn.Sigmoid)  # coach: vanishing-gradients; fix: net = stack(24, 9, between=nn.ReLU)
sgd = optim.SGD(net.parameters(), lr=0.1)
for _ in range(6):
    for rows in torch.randperm(192).split(32):
        sgd.zero_grad()  # coach-also: loss-plateau, constant-predictions
        nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()
        sgd.step()
