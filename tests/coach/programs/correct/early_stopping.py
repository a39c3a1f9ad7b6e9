import copy

import gradbook as torch
import gradbook.nn as nn

m = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 1))
o = torch.optim.Adam(m.parameters(), 1e-2)
x = torch.randn(60, 4)
y = x.prod(1, keepdim=True)


def ev(a, b):
    m.eval()
    with torch.no_grad():
        r = nn.functional.mse_loss(m(a), b).item()
    m.train()
    return r


best = ev(x[40:50], y[40:50])
st = None
for e in range(12):
    for i in range(0, 40, 20):
        loss = nn.functional.mse_loss(m(x[i : i + 20]), y[i : i + 20])
        o.zero_grad()
        loss.backward()
        o.step()
    v = ev(x[40:50], y[40:50])
    if v < best:
        best, st = v, copy.deepcopy(m.state_dict())
if st:
    m.load_state_dict(st)
print(ev(x[50:], y[50:]))
