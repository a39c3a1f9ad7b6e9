import gradbook as torch
import gradbook.nn as nn

enc = nn.Sequential(nn.Linear(8, 4), nn.ReLU())
dec = nn.Linear(4, 8)
o = torch.optim.Adam([*enc.parameters(), *dec.parameters()], 1e-2)
X = torch.randn(40, 8)
Y = torch.randint(0, 2, (40,))
for e in range(6):
    loss = ((dec(enc(X)) - X) ** 2).mean()
    o.zero_grad()
    loss.backward()
    o.step()
clf = nn.Linear(4, 2)
o2 = torch.optim.SGD(clf.parameters(), 0.1)
for e in range(6):
    with torch.no_grad():
        z = enc(X)
    loss = nn.functional.cross_entropy(clf(z), Y)
    o2.zero_grad()
    loss.backward()
    o2.step()
