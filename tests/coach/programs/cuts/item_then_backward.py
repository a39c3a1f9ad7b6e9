import gradbook as torch
import gradbook.nn as nn

m = nn.Linear(4, 1)
o = torch.optim.SGD(m.parameters(), 0.1)
X = torch.randn(10, 4)
y = torch.randn(10, 1)
for e in range(3):
    o.zero_grad()
    loss = nn.functional.mse_loss(m(X), y).item()  # coach: detached-graph; fix: loss = nn.functional.mse_loss(m(X),y)
    loss.backward()
    o.step()
