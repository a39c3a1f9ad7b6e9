import gradbook as torch
import gradbook.nn as nn

m = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
o = torch.optim.SGD(m.parameters(), 0.1)
X = torch.randn(40, 4)
Y = torch.randint(0, 3, (40,))
for i in range(6):
    o.zero_grad()
    nn.functional.cross_entropy(m(X), Y).backward()
    o.step()
m.train()
for p in m.parameters():
    p.requires_grad_(False)
bn = m[1]
bn.weight.requires_grad_(True)
bn.bias.requires_grad_(True)
t = torch.optim.SGD([bn.weight, bn.bias], 0.05)
correct = 0
for i in range(0, 40, 10):
    out = m(X[i : i + 10] + 0.5)
    ent = -(out.softmax(1) * out.log_softmax(1)).sum(1).mean()
    t.zero_grad()
    ent.backward()
    t.step()
    correct += (out.argmax(1) == Y[i : i + 10]).sum().item()
print(correct / 40)
