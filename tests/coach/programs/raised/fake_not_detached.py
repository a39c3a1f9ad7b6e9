"""GAN on a ring: D's backward goes through G, whose graph is gone when G's own turn comes."""

import gradbook as torch
import gradbook.nn as nn

G = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
D = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
opt_g = torch.optim.Adam(G.parameters(), lr=2e-4)
opt_d = torch.optim.Adam(D.parameters(), lr=2e-4)
bce = nn.BCEWithLogitsLoss()

for step in range(10):
    angle = torch.rand(32) * 6.28
    real = torch.stack([torch.cos(angle), torch.sin(angle)], dim=1)
    ones, zeros = torch.ones(32, 1), torch.zeros(32, 1)
    fake = G(torch.randn(32, 4))

    opt_d.zero_grad()
    loss_real = bce(D(real), ones)
    loss_fake = bce(D(fake), zeros)  # coach: backward-twice; fix: bce(D(fake.detach()), zeros)
    loss_d = loss_real + loss_fake
    loss_d.backward()
    opt_d.step()

    opt_g.zero_grad()
    loss_g = bce(D(fake), ones)
    loss_g.backward()
    opt_g.step()
