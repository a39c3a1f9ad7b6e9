"""Old style: hidden = Variable(hidden.data) between two layers of one model."""

import gradbook as torch
import gradbook.nn as nn
from gradbook.autograd import Variable


class TwoStage(nn.Module):
    def __init__(self):
        super().__init__()
        self.stage1 = nn.Linear(6, 8)
        self.stage2 = nn.Linear(8, 2)

    def forward(self, x):
        h = torch.relu(self.stage1(x))
        h = Variable(h.data)  # coach: detached-graph; fix: # h = Variable(h.data)
        return self.stage2(h)


net = TwoStage()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
crit = nn.CrossEntropyLoss()
for _ in range(210):
    loss = crit(net(torch.randn(4, 6)), torch.randint(0, 2, (4,)))
    opt.zero_grad()
    loss.backward()
    opt.step()
