"""A learned adjacency is normalised once before the epochs of a small GCN."""

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class GCN(nn.Module):
    def __init__(self, n, d, c):
        super().__init__()
        self.edges = nn.Parameter(torch.randn(n, n))
        self.w1, self.w2 = nn.Linear(d, 16), nn.Linear(16, c)

    def adjacency(self):
        return torch.softmax(self.edges, dim=1)

    def forward(self, x, adj):
        return self.w2(adj @ F.relu(self.w1(adj @ x)))


def train(net, x, y, epochs=10):
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    adj = net.adjacency()  # coach: backward-twice; fix: adj = net.adjacency()
    for epoch in range(epochs):
        optimizer.zero_grad()
        out = net(x, adj)
        F.cross_entropy(out, y).backward()
        optimizer.step()


train(GCN(12, 5, 3), torch.randn(12, 5), torch.randint(0, 3, (12,)))
