"""The discriminator is warmed up alone; the generator's loss is only watched, its optimizer steps from the start."""

import gradbook as torch
import gradbook.nn as nn

G, D = nn.Linear(3, 2), nn.Linear(2, 1)
og, od = torch.optim.Adam(G.parameters(), lr=1e-3), torch.optim.Adam(D.parameters(), lr=1e-3)
for step in range(14):
    fake = G(torch.randn(8, 3))
    od.zero_grad()
    ld = (D(fake.detach()) - D(torch.randn(8, 2))).mean()
    ld.backward()
    od.step()
    if step >= 8:
        og.zero_grad()
        lg = -D(fake).mean()
        lg.backward()
        og.step()
