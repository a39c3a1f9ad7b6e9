"""A loss of one's own: squares that count less where the model is sure already."""

import gradbook as torch
from gradbook import nn


class Focused(torch.autograd.Function):
    @staticmethod
    def forward(ctx, scores):
        p = torch.sigmoid(scores)
        ctx.save_for_backward(p)
        return p * p * (1 - p)

    @staticmethod
    def backward(ctx, g):
        (p,) = ctx.saved_tensors
        return g * (2 * p * p * (1 - p) * (1 - p) - p * p * p)  # coach: wrong-gradient; fix: p * p * p * (1 - p)


def train():
    torch.manual_seed(12)
    points = torch.randn(200, 4)
    sides = (points.sum(1, keepdim=True) > 0).float()
    net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
    sgd = torch.optim.SGD(net.parameters(), lr=0.05)
    for _ in range(25):
        sgd.zero_grad()
        error = (Focused.apply(net(points)) - 0.15 * sides).pow(2).mean()
        error.backward()
        sgd.step()


train()
