import gradbook as torch
import gradbook.nn as nn


class N(nn.Module):
    def __init__(s):
        super().__init__()
        s.a = nn.Linear(4, 8)
        s.b = nn.Linear(8, 1)

    def forward(s, x):
        h = torch.relu(s.a(x))
        h = nn.Parameter(h)  # coach: detached-graph
        return s.b(h)


m = N()
o = torch.optim.SGD(m.parameters(), 0.1)
X = torch.randn(10, 4)
y = torch.randn(10, 1)
for e in range(3):
    o.zero_grad()
    nn.functional.mse_loss(m(X), y).backward()
    o.step()
