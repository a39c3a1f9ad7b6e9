"""fit() clears once, before anything."""

import gradbook as torch
import gradbook.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2 = nn.Linear(3, 10), nn.Linear(10, 1)

    def forward(self, x):
        return self.l2(torch.tanh(self.l1(x)))


def fit(net, xs, ys, epochs=8):
    opt = torch.optim.Adam(net.parameters(), lr=0.01)
    opt.zero_grad()
    for epoch in range(epochs):
        loss = torch.mean((net(xs) - ys) ** 2)
        loss.backward()  # coach: missing-zero-grad; fix: opt.zero_grad()
        opt.step()


fit(Net(), torch.rand(30, 3), torch.rand(30, 1))
