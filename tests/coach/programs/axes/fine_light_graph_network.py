"""Nodes that have nothing but a learned vector each, mixed with their neighbours' and turned by one layer."""

import gradbook as torch
from gradbook import nn, optim


class Nodes(nn.Module):
    def __init__(self, count, width):
        super().__init__()
        self.vectors = nn.Embedding(count, width)
        self.turn = nn.Linear(width, width)

    def forward(self, near, pairs):
        h = self.turn(near @ self.vectors.weight)
        return (h[pairs[:, 0]] * h[pairs[:, 1]]).sum(-1)


torch.manual_seed(0)
side = torch.arange(24) % 2
near = (side[:, None] == side[None, :]).float() / 12
pairs = torch.randint(0, 24, (96, 2))
same = (side[pairs[:, 0]] == side[pairs[:, 1]]).float()
net = Nodes(24, 8)
adam = optim.Adam(net.parameters(), lr=0.02)
for _ in range(20):
    adam.zero_grad()
    nn.functional.binary_cross_entropy_with_logits(net(near, pairs), same).backward()
    adam.step()
