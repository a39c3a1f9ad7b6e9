import gradbook as torch
import gradbook.nn as nn

enc = nn.Linear(5, 6)
a = nn.Linear(6, 1)
b = nn.Linear(6, 2)
o1 = torch.optim.SGD([*enc.parameters(), *a.parameters()], 0.05)
o2 = torch.optim.SGD(b.parameters(), 0.05)
X = torch.randn(30, 5)
ya = X.sum(1, keepdim=True)
yb = (X[:, 0] > 0).long()
for i in range(9):
    h = torch.relu(enc(X))
    l1 = ((a(h) - ya) ** 2).mean()
    l2 = nn.functional.cross_entropy(b(h.detach()), yb)
    o1.zero_grad()
    o2.zero_grad()
    (l1 + l2).backward()
    o1.step()
    if i % 3 == 2:
        o2.step()
