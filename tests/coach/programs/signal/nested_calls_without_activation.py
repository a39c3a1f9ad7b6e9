"""self.b(self.a(x)) in one line, in a regression."""

import gradbook as torch
import gradbook.nn as nn


class Regressor(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.a, self.b = nn.Linear(d, 20), nn.Linear(20, 1)

    def forward(self, x):
        return self.b(self.a(x))  # coach: missing-nonlinearity; fix: self.b(torch.relu(self.a(x)))


reg = Regressor(4)
optim = torch.optim.Adam(reg.parameters(), lr=0.01)
X = torch.rand(40, 4)
y = (X**2).sum(1, keepdim=True)
for epoch in range(10):
    loss = nn.functional.mse_loss(reg(X), y)
    optim.zero_grad()
    loss.backward()
    optim.step()
