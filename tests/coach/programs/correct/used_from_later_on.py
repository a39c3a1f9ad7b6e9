import gradbook as torch
import gradbook.nn as nn


class P(nn.Module):
    def __init__(s):
        super().__init__()
        s.a = nn.Linear(3, 6)
        s.b = nn.Linear(6, 6)
        s.o = nn.Linear(6, 1)
        s.stage = 0

    def forward(s, x):
        h = torch.relu(s.a(x))
        if s.stage:
            h = torch.relu(s.b(h))
        return s.o(h)


p = P()
o = torch.optim.Adam(p.parameters(), 1e-2)
x = torch.randn(20, 3)
y = x[:, :1]
for i in range(14):
    if i == 8:
        p.stage = 1
    o.zero_grad()
    ((p(x) - y) ** 2).mean().backward()
    o.step()
