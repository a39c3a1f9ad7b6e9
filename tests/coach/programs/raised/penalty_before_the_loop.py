"""Ridge regression: the penalty is computed once, outside of the loop."""

import gradbook as torch
import gradbook.nn as nn

torch.manual_seed(1)
X = torch.randn(60, 5)
y = X @ torch.tensor([[1.0], [-2.0], [0.5], [0.0], [3.0]]) + 0.1 * torch.randn(60, 1)

model = nn.Linear(5, 1)
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
l2 = sum(p.pow(2).sum() for p in model.parameters())  # coach: backward-twice; fix: l2 = sum(p.pow(2).sum()

for epoch in range(20):
    optimizer.zero_grad()
    loss = criterion(model(X), y) + 1e-3 * l2
    loss.backward()
    optimizer.step()
