"""A small convolution with SGD and momentum at a rate that lets every weight jump about."""

import gradbook as torch
from gradbook import nn, optim

torch.manual_seed(1)
kind = torch.randint(0, 4, (256,))
marks = torch.randn(4, 1, 8, 8)
x = marks[kind] + 0.8 * torch.randn(256, 1, 8, 8)
net = nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(54, 4))
sgd = optim.SGD(net.parameters(), lr=0.9, momentum=0.9)  # coach: learning-rate-too-high; fix: lr=0.01
for _ in range(6):  # coach-also: update-ratio-high, dead-relu, constant-predictions
    for rows in torch.randperm(256).split(32):
        sgd.zero_grad()
        nn.functional.cross_entropy(net(x[rows]), kind[rows]).backward()
        sgd.step()
