import gradbook as torch
import gradbook.nn as nn

m = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
o = torch.optim.SGD(m.parameters(), lr=0.1)
X = torch.randn(40, 4)
Y = torch.randint(0, 2, (40,))


def acc():
    m.eval()
    with torch.no_grad():
        a = (m(X).argmax(1) == Y).float().mean().item()
    m.train()
    return a


print(acc())
for e in range(4):
    for i in range(0, 40, 10):
        loss = nn.functional.cross_entropy(m(X[i : i + 10]), Y[i : i + 10])
        o.zero_grad()
        loss.backward()
        o.step()
    print(acc())
