import gradbook as torch
import gradbook.nn as nn

m = nn.Linear(4, 1)
o = torch.optim.SGD(m.parameters(), lr=0.1)
x = torch.randn(10, 4)
t = torch.randn(10, 1)
for i in range(4):
    o.zero_grad()
    p = m(x)
    l = torch.tensor(((p - t) ** 2).mean(), requires_grad=True)  # coach: detached-graph
    l.backward()
    o.step()
