"""Each in a line of its own: dropout first."""

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Tower(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 3, padding=1)
        self.norm = nn.BatchNorm2d(6)
        self.head = nn.Linear(6, 2)

    def forward(self, x):
        x = self.conv(x)
        x = F.dropout(x, 0.3, training=self.training)  # coach: dropout-before-batchnorm
        x = self.norm(x)
        x = F.relu(x).mean(dim=(2, 3))
        return self.head(x)


net = Tower()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(4):
    loss = F.cross_entropy(net(torch.rand(6, 1, 8, 8)), torch.randint(0, 2, (6,)))
    opt.zero_grad()
    loss.backward()
    opt.step()
