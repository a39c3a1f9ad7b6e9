import copy

import gradbook as torch
import gradbook.nn as nn

A = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 1), nn.Tanh())
C = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
At, Ct = copy.deepcopy(A), copy.deepcopy(C)
oa, oc = torch.optim.Adam(A.parameters(), 1e-3), torch.optim.Adam(C.parameters(), 1e-3)
for i in range(10):
    s, s2, r = torch.randn(16, 3), torch.randn(16, 3), torch.randn(16, 1)
    a = A(s).detach() + 0.1 * torch.randn(16, 1)
    with torch.no_grad():
        t = r + 0.99 * Ct(torch.cat([s2, At(s2)], 1))
    lc = ((C(torch.cat([s, a], 1)) - t) ** 2).mean()
    oc.zero_grad()
    lc.backward()
    oc.step()
    la = -C(torch.cat([s, A(s)], 1)).mean()
    oa.zero_grad()
    la.backward()
    oa.step()
    for n, tt in ((A, At), (C, Ct)):
        for p, q in zip(n.parameters(), tt.parameters()):
            q.data.copy_(0.99 * q.data + 0.01 * p.data)
