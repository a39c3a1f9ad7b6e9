"""Convolutions in forward, the activation only after the second."""

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 8, 3, padding=1)
        self.c2 = nn.Conv2d(8, 8, 3, padding=1)
        self.fc = nn.Linear(8, 3)

    def forward(self, img):
        h = self.c1(img)  # coach: missing-nonlinearity; fix: F.relu(self.c2(torch.relu(h)))
        h = F.relu(self.c2(h))
        return self.fc(h.mean((2, 3)))


net = ConvNet()
opt = torch.optim.Adam(net.parameters())
for _ in range(4):
    loss = F.cross_entropy(net(torch.rand(5, 1, 8, 8)), torch.randint(0, 3, (5,)))
    opt.zero_grad()
    loss.backward()
    opt.step()
