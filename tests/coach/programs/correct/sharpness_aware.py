import gradbook as torch
import gradbook.nn as nn


class SAM:
    def __init__(s, params, base):
        s.p = list(params)
        s.base = base

    def first(s):
        s.e = []
        n = torch.stack([p.grad.norm() for p in s.p]).norm()
        with torch.no_grad():
            for p in s.p:
                e = 0.05 * p.grad / (n + 1e-9)
                p.add_(e)
                s.e.append(e)
        s.base.zero_grad()

    def second(s):
        with torch.no_grad():
            for p, e in zip(s.p, s.e):
                p.sub_(e)
        s.base.step()
        s.base.zero_grad()


m = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
b = torch.optim.SGD(m.parameters(), 0.05)
sam = SAM(m.parameters(), b)
x = torch.randn(20, 3)
y = x.sum(1, keepdim=True)
for i in range(8):
    loss = ((m(x) - y) ** 2).mean()
    loss.backward()
    sam.first()
    ((m(x) - y) ** 2).mean().backward()
    sam.second()
    print(loss.item())
