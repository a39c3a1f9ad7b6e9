"""Layers as attributes, one of them in place, called in forward behind a sigmoid."""

import gradbook as torch
import gradbook.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(8, 16)
        self.squash = nn.Tanh()
        self.act = nn.LeakyReLU(0.1, inplace=True)  # coach: inplace-breaks-backward; fix: nn.LeakyReLU(0.1)
        self.fc2 = nn.Linear(16, 1)

    def forward(self, x):
        x = self.squash(self.fc1(x))
        x = self.act(x)
        return self.fc2(x)


def main():
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    for epoch in range(2):
        out = net(torch.rand(5, 8))
        loss = out.pow(2).mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


main()
