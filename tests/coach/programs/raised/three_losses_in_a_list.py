"""Deep supervision: the losses of several exits go backward in a loop."""

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Exits(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Linear(8, 16), nn.ReLU())
        self.exits = nn.ModuleList([nn.Linear(16, 4) for _ in range(3)])

    def forward(self, x):
        z = self.stem(x)
        return [layer(z) for layer in self.exits]


model = Exits()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(3):
    x, y = torch.randn(12, 8), torch.randint(0, 4, (12,))
    losses = [F.cross_entropy(out, y) for out in model(x)]
    optimizer.zero_grad()
    for loss in losses:
        loss.backward()  # coach: backward-twice; fix: retain_graph=True
    optimizer.step()
