from dataclasses import dataclass

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


@dataclass
class GateConfig:
    dim: int = 10
    hidden: int = 24
    tau: float = 0.005  # coach: saturated-activation
    lr: float = 5e-3


class SoftGate(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.c = c
        self.select = nn.Linear(c.dim, c.hidden)
        self.mix = nn.Linear(c.hidden, 2)

    def forward(self, x):
        g = torch.sigmoid(self.select(x) / self.c.tau)
        return self.mix(g)


torch.manual_seed(24)
c = GateConfig()
x = torch.randn(300, c.dim)
y = (x[:, 0] * x[:, 1] > 0).long()
model = SoftGate(c)
opt = torch.optim.Adam(model.parameters(), lr=c.lr)
for it in range(50):
    b = torch.randint(0, 300, (50,))
    loss = F.cross_entropy(model(x[b]), y[b])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 10 == 0:
        print(it, loss.item())
# coach-also: vanishing-gradients, loss-plateau
