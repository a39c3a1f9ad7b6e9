import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

f = nn.Sequential(nn.Linear(6, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Linear(12, 8))
h = nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 8))
o = torch.optim.SGD([*f.parameters(), *h.parameters()], 0.05)
X = torch.randn(32, 6)
D = lambda p, z: -F.cosine_similarity(p, z.detach(), dim=-1).mean()
for i in range(8):
    a = X + 0.1 * torch.randn_like(X)
    b = X + 0.1 * torch.randn_like(X)
    za, zb = f(a), f(b)
    pa, pb = h(za), h(zb)
    loss = D(pa, zb) / 2 + D(pb, za) / 2
    o.zero_grad()
    loss.backward()
    o.step()
    with torch.no_grad():
        print(loss.item(), za.std().item())
