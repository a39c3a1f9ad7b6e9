"""A forward that scales its activation in place."""

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Gated(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(5, 12), nn.Linear(12, 2)

    def forward(self, x):
        h = torch.sigmoid(self.a(x))
        h *= 2  # coach: inplace-breaks-backward; fix: h = h * 2
        return self.b(h)


model = Gated()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x, y = torch.randn(10, 5), torch.randint(0, 2, (10,))
for epoch in range(3):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
