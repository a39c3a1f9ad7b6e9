"""Kernel regression and a graph network: sums over all samples are what they are about."""

import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

x, y = torch.randn(30, 2), torch.randn(30)
alpha = nn.Parameter(torch.zeros(30))
kernel = torch.exp(-torch.cdist(x, x) ** 2)
opt = torch.optim.Adam([alpha], lr=0.1)
for _ in range(5):
    loss = F.mse_loss(kernel @ alpha, y) + 1e-3 * alpha @ kernel @ alpha
    opt.zero_grad()
    loss.backward()
    opt.step()

adjacency = (torch.rand(30, 30) < 0.2).float() + torch.eye(30)
adjacency = adjacency / adjacency.sum(dim=1, keepdim=True)
kinds = torch.randint(0, 3, (30,))


class GCN(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(2, 8), nn.Linear(8, 3)

    def forward(self, a, h):
        return a @ self.two(F.relu(a @ self.one(h)))


net = GCN()
opt = torch.optim.Adam(net.parameters(), lr=0.01)
train = torch.randperm(30)[:20]
for _ in range(5):
    loss = F.cross_entropy(net(adjacency, x)[train], kinds[train])
    opt.zero_grad()
    loss.backward()
    opt.step()
