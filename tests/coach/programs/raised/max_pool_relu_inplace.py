"""F.relu(x, inplace=True) on the output of a sigmoid gate that multiplies."""

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class SE(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.out = nn.Linear(4, 1)

    def forward(self, x):
        g = torch.tanh(self.fc(x))
        y = F.relu(g, inplace=True) * x  # coach: inplace-breaks-backward; fix: F.relu(g) * x
        return self.out(y)


se = SE()
opt = torch.optim.SGD(se.parameters(), lr=0.1)
for _ in range(2):
    loss = se(torch.randn(7, 4)).abs().mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
