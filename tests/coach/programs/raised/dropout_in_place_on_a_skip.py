"""An in-place activation of a residual block's sum, in functional style."""

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1 = nn.Linear(width, width)
        self.fc2 = nn.Linear(width, width)

    def forward(self, x):
        gate = torch.sigmoid(self.fc1(x))
        F.relu_(gate.sub_(0.5))  # coach: inplace-breaks-backward
        return x + gate * self.fc2(x)


net = nn.Sequential(nn.Linear(6, 10), Block(10), nn.Linear(10, 3))
opt = torch.optim.SGD(net.parameters(), lr=0.05)


def train_one(xb, yb):
    opt.zero_grad()
    loss = F.cross_entropy(net(xb), yb)
    loss.backward()
    opt.step()
    return loss


for _ in range(2):
    train_one(torch.randn(8, 6), torch.randint(0, 3, (8,)))
