import gradbook as torch
import gradbook.nn as nn
from gradbook.distributions import Normal

pi = nn.Linear(3, 1)
ls = nn.Parameter(torch.zeros(1))
v = nn.Linear(3, 1)
o = torch.optim.Adam([*pi.parameters(), ls, *v.parameters()], 1e-2)
for ep in range(5):
    s = torch.randn(3)
    lp = []
    vs = []
    rs = []
    for t in range(6):
        d = Normal(pi(s), ls.exp())
        a = d.sample()
        lp.append(d.log_prob(a).sum())
        vs.append(v(s).squeeze())
        r = -(s.sum() - a).abs().item()
        rs.append(r)
        s = torch.randn(3)
    R = torch.tensor(rs).flip(0).cumsum(0).flip(0)
    V = torch.stack(vs)
    loss = -(torch.stack(lp) * (R - V).detach()).sum() + ((R - V) ** 2).sum()
    o.zero_grad()
    loss.backward()
    o.step()
    print(ep, sum(rs), v(torch.zeros(3)).item())
