import gradbook as torch
import gradbook.nn as nn


class V(nn.Module):
    def __init__(s):
        super().__init__()
        s.e = nn.Linear(6, 4)
        s.mu = nn.Linear(4, 2)
        s.lv = nn.Linear(4, 2)
        s.d = nn.Linear(2, 6)

    def forward(s, x):
        h = torch.relu(s.e(x))
        mu = s.mu(h)
        lv = s.lv(h)
        with torch.no_grad():  # coach: training-under-no-grad
            z = mu + torch.randn_like(mu) * torch.exp(0.5 * lv)
        return s.d(z)


v = V()
o = torch.optim.Adam(v.parameters(), lr=1e-2)
x = torch.randn(20, 6)
for i in range(6):
    l = ((v(x) - x) ** 2).mean()
    o.zero_grad()
    l.backward()
    o.step()
