import gradbook as torch
import gradbook.nn as nn

m = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
o = torch.optim.SGD(m.parameters(), lr=0.1)
X = torch.randn(40, 4)
Y = torch.randint(0, 2, (40,))
best = None
for e in range(30):
    loss = nn.functional.cross_entropy(m(X), Y)
    o.zero_grad()
    loss.backward()
    o.step()
    if e % 10 == 0:
        pred = m(X).argmax(dim=1)
        print(e, loss.item(), (pred == Y).float().mean().item())
preds = m(X).argmax(1)
print("final", (preds == Y).float().mean())
