import copy

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class MoCo(nn.Module):
    def __init__(s, dim=8, K=32):
        super().__init__()
        s.q = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, dim))
        s.k = copy.deepcopy(s.q)
        for p in s.k.parameters():
            p.requires_grad = False
        s.register_buffer("queue", F.normalize(torch.randn(dim, K), dim=0))
        s.ptr = 0

    def forward(s, a, b):
        q = F.normalize(s.q(a), dim=1)
        with torch.no_grad():
            for pq, pk in zip(s.q.parameters(), s.k.parameters()):
                pk.data = pk.data * 0.99 + pq.data * 0.01
            k = F.normalize(s.k(b), dim=1)
        pos = (q * k).sum(1, keepdim=True)
        neg = q @ s.queue.clone().detach()
        with torch.no_grad():
            s.queue[:, s.ptr : s.ptr + 8] = k.T
            s.ptr = (s.ptr + 8) % 32
        return torch.cat([pos, neg], 1) / 0.1


m = MoCo()
o = torch.optim.SGD(m.parameters(), 0.05)
X = torch.randn(8, 6)
for i in range(8):
    lo = m(X + 0.1 * torch.randn(8, 6), X + 0.1 * torch.randn(8, 6))
    loss = F.cross_entropy(lo, torch.zeros(8, dtype=torch.long))
    o.zero_grad()
    loss.backward()
    o.step()
    print(loss.item())
