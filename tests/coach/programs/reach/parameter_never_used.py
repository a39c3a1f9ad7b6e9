import gradbook as torch
import gradbook.nn as nn


class M(nn.Module):
    def __init__(s):
        super().__init__()
        s.l = nn.Linear(3, 3)
        s.gate = nn.Parameter(torch.zeros(3))  # coach: unused-parameters
        s.o = nn.Linear(3, 1)

    def forward(s, x):
        return s.o(torch.tanh(s.l(x)))


m = M()
o = torch.optim.SGD(m.parameters(), lr=0.1)
x = torch.randn(9, 3)
for i in range(5):
    o.zero_grad()
    l = m(x).pow(2).mean()
    l.backward()
    o.step()
