import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Hyper(nn.Module):
    def __init__(s):
        super().__init__()
        s.z = nn.Parameter(torch.randn(4))
        s.w = nn.Linear(4, 6)
        s.b = nn.Linear(4, 2)

    def forward(s, x):
        return F.linear(x, s.w(s.z).view(2, 3), s.b(s.z))


h = Hyper()
o = torch.optim.Adam(h.parameters(), 1e-2)
x = torch.randn(20, 3)
y = torch.randint(0, 2, (20,))
for i in range(6):
    o.zero_grad()
    F.cross_entropy(h(x), y).backward()
    o.step()
