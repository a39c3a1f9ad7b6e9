"""Distances to two centres become probabilities before cross_entropy."""

import gradbook as torch
from gradbook import nn, optim
from gradbook.nn import functional as F


def guesses(points, centres):
    apart = torch.cdist(points, centres)
    return torch.softmax(-apart, dim=1)  # coach: softmax-before-cross-entropy; fix: return -apart


torch.manual_seed(0)
encode = nn.Linear(5, 3)
centres = nn.Parameter(torch.randn(2, 3))
sgd = optim.SGD([*encode.parameters(), centres], lr=0.05)
x = torch.randn(80, 5)
y = (x.sum(1) > 0).long()
for _ in range(4):
    for rows in torch.randperm(80).split(20):
        sgd.zero_grad()
        F.cross_entropy(guesses(encode(x[rows]), centres), y[rows]).backward()
        sgd.step()
