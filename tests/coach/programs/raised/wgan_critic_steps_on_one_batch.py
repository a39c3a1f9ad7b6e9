"""Several critic steps on one batch of fakes that still have the generator's graph."""

import gradbook as torch
import gradbook.nn as nn

G = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 2))
C = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))
opt_g = torch.optim.RMSprop(G.parameters(), lr=5e-5)
opt_c = torch.optim.RMSprop(C.parameters(), lr=5e-5)
for it in range(4):
    fake = G(torch.randn(16, 3))
    for _ in range(3):
        real = torch.randn(16, 2)
        opt_c.zero_grad()
        loss_c = C(fake).mean() - C(real).mean()  # coach: backward-twice; fix: C(fake.detach()).mean() - C(real).mean()
        loss_c.backward()
        opt_c.step()
    opt_g.zero_grad()
    (-C(fake).mean()).backward()
    opt_g.step()
