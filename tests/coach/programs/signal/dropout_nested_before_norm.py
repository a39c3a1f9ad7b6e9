"""bn(dropout(relu(fc(x)))) in forward."""

import gradbook as torch
import gradbook.nn as nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 16)
        self.drop = nn.Dropout(0.4)
        self.bn = nn.BatchNorm1d(16)
        self.out = nn.Linear(16, 2)

    def forward(self, x):
        h = self.bn(self.drop(torch.relu(self.fc(x))))  # coach: dropout-before-batchnorm; fix: self.drop(self.bn(torch.relu(self.fc(x))))
        return self.out(h)


net = Block()
opt = torch.optim.Adam(net.parameters())
for _ in range(4):
    loss = nn.functional.cross_entropy(net(torch.randn(12, 8)), torch.randint(0, 2, (12,)))
    opt.zero_grad()
    loss.backward()
    opt.step()
