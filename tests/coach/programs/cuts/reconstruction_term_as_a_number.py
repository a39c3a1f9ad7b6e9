"""A classifier with a reconstruction term, of which only the number is added to the loss."""

import gradbook as torch
from gradbook import nn
from gradbook.nn import functional as F


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.code = nn.Linear(10, 4)
        self.classes = nn.Linear(4, 3)
        self.back = nn.Linear(4, 10)

    def forward(self, x):
        h = torch.tanh(self.code(x))
        return self.classes(h), self.back(h)


torch.manual_seed(0)
centres = torch.randn(3, 10)
label = torch.arange(96) % 3
points = centres[label] + 0.3 * torch.randn(96, 10)
net = Shared()
adam = torch.optim.Adam(net.parameters(), lr=1e-2)
for _ in range(6):
    for k in torch.randperm(96).split(16):
        scores, again = net(points[k])
        rebuilt = F.mse_loss(again, points[k]).item()  # coach: detached-graph; fix: rebuilt = F.mse_loss(again, points[k])
        loss = F.cross_entropy(scores, label[k]) + 0.3 * rebuilt
        adam.zero_grad()
        loss.backward()
        adam.step()
