"""One test score after training, of one batch, in a helper: R squared."""

import gradbook as torch
import gradbook.nn as nn


def r2(model, x, y):
    model.eval()
    pred = model(x)  # coach: no-grad-missing; fix: with torch.no_grad():
    ss_res = ((y - pred) ** 2).sum()
    ss_tot = ((y - y.mean()) ** 2).sum()
    return (1 - ss_res / ss_tot).item()


x, y = torch.randn(60, 3), torch.randn(60, 1)
lin = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
optimizer = torch.optim.SGD(lin.parameters(), lr=0.1)
for _ in range(20):
    optimizer.zero_grad()
    ((lin(x[:40]) - y[:40]) ** 2).mean().backward()
    optimizer.step()
print(r2(lin, x[40:], y[40:]))
