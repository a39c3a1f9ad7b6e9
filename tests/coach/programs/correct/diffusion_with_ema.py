import copy

import gradbook as torch
import gradbook.nn as nn


class U(nn.Module):
    def __init__(s):
        super().__init__()
        s.t = nn.Embedding(10, 8)
        s.a = nn.Linear(2, 8)
        s.b = nn.Linear(8, 2)
        s.dr = nn.Dropout(0.1)

    def forward(s, x, t):
        return s.b(s.dr(torch.relu(s.a(x) + s.t(t))))


m = U()
ema = copy.deepcopy(m).eval().requires_grad_(False)
o = torch.optim.Adam(m.parameters(), 1e-3)
ab = torch.linspace(0.99, 0.1, 10)
for i in range(20):
    x = torch.randn(16, 2)
    t = torch.randint(0, 10, (16,))
    n = torch.randn_like(x)
    k = ab[t][:, None]
    l = ((m(k.sqrt() * x + (1 - k).sqrt() * n, t) - n) ** 2).mean()
    o.zero_grad()
    l.backward()
    o.step()
    with torch.no_grad():
        for p, q in zip(m.parameters(), ema.parameters()):
            q.lerp_(p, 0.05)
with torch.no_grad():
    x = torch.randn(4, 2)
    for t in reversed(range(10)):
        x = x - 0.1 * ema(x, torch.full((4,), t))
print(x)
