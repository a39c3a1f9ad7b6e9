import gradbook as torch
import gradbook.nn as nn


class C(nn.Module):
    def __init__(s):
        super().__init__()
        s.body = nn.Linear(4, 8)
        s.heads = nn.ModuleList([nn.Linear(8, 2)])

    def forward(s, x, k):
        return s.heads[k](torch.relu(s.body(x)))


c = C()
X = torch.randn(30, 4)
for k in range(3):
    if k:
        c.heads.append(nn.Linear(8, 2))
    o = torch.optim.SGD(c.parameters(), 0.1)
    Y = torch.randint(0, 2, (30,))
    for i in range(5):
        o.zero_grad()
        nn.functional.cross_entropy(c(X, k), Y).backward()
        o.step()
