"""Multi-task: two heads on one trunk, each loss goes backward by itself."""

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class MultiTask(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(10, 32), nn.ReLU())
        self.age = nn.Linear(32, 1)
        self.kind = nn.Linear(32, 3)

    def forward(self, x):
        z = self.trunk(x)
        return self.age(z), self.kind(z)


net = MultiTask()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for _ in range(5):
    x = torch.randn(16, 10)
    age, kind = net(x)
    loss_age = F.mse_loss(age, torch.randn(16, 1))
    loss_kind = F.cross_entropy(kind, torch.randint(0, 3, (16,)))
    opt.zero_grad()
    loss_age.backward()  # coach: backward-twice; fix: (loss_age + loss_kind).backward()
    loss_kind.backward()
    opt.step()
