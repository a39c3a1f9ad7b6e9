import gradbook as torch
import gradbook.nn as nn

enc = nn.Linear(6, 4)
dec = nn.Linear(4, 6)
o = torch.optim.Adam([{"params": enc.parameters()}, {"params": dec.parameters(), "lr": 1e-3}], lr=1e-2)
x = torch.randn(16, 6)
for i in range(5):
    z = enc(x)
    r = dec(z.detach())  # coach: detached-graph; fix: r=dec(z)
    l = ((r - x) ** 2).mean()
    o.zero_grad()
    l.backward()
    o.step()
