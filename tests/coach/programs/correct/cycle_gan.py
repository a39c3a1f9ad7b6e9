import itertools
import random

import gradbook as torch
import gradbook.nn as nn

mk = lambda: nn.Sequential(nn.Linear(3, 8), nn.InstanceNorm1d(8) if False else nn.ReLU(), nn.Linear(8, 3))
GA, GB = mk(), mk()
DA, DB = nn.Linear(3, 1), nn.Linear(3, 1)
og = torch.optim.Adam(itertools.chain(GA.parameters(), GB.parameters()), 1e-3)
od = torch.optim.Adam(itertools.chain(DA.parameters(), DB.parameters()), 1e-3)
pool = []
for i in range(8):
    a, b = torch.randn(8, 3), torch.randn(8, 3) + 1
    for d in (DA, DB):
        d.requires_grad_(False)
    fb, fa = GA(a), GB(b)
    lg = (
        ((DB(fb) - 1) ** 2).mean()
        + ((DA(fa) - 1) ** 2).mean()
        + 10 * ((GB(fb) - a).abs().mean() + (GA(fa) - b).abs().mean())
    )
    og.zero_grad()
    lg.backward()
    og.step()
    for d in (DA, DB):
        d.requires_grad_(True)
    pool.append(fb.detach())
    f = random.choice(pool)
    ld = ((DB(b) - 1) ** 2).mean() + (DB(f) ** 2).mean() + ((DA(a) - 1) ** 2).mean() + (DA(fa.detach()) ** 2).mean()
    od.zero_grad()
    ld.backward()
    od.step()
    print(lg.item(), ld.item())
