import gradbook as torch
import gradbook.nn as nn

X = torch.randn(100, 4)
Y = (X[:, 0] * X[:, 1] > 0).long()
lab = list(range(20))
m = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 2))
o = torch.optim.Adam(m.parameters(), 1e-2)
for r in range(3):
    m.train()
    for i in range(5):
        o.zero_grad()
        nn.functional.cross_entropy(m(X[lab]), Y[lab]).backward()
        o.step()
    pool = [i for i in range(100) if i not in lab]
    m.train()
    with torch.no_grad():
        p = torch.stack([m(X[pool]).softmax(1) for _ in range(4)]).mean(0)
    ent = -(p * p.log()).sum(1)
    lab += [pool[i] for i in ent.topk(5).indices.tolist()]
    m.eval()
    with torch.no_grad():
        print((m(X).argmax(1) == Y).float().mean().item())
