import gradbook as torch
import gradbook.nn as nn

m = nn.Linear(4, 1)
o = torch.optim.SGD(m.parameters(), 0.1)
X = torch.randn(12, 4)
y = torch.randn(12, 1)
for e in range(3):
    o.zero_grad()
    total = torch.zeros(1, requires_grad=True)
    for i in range(0, 12, 4):
        loss = nn.functional.mse_loss(m(X[i : i + 4]), y[i : i + 4])
        total = total + loss.item()  # coach: detached-graph; fix: total = total + loss
    total.backward()
    o.step()
