"""The GAN of the paper: the generator's loss is minus that of the discriminator."""

import gradbook as torch
import gradbook.nn as nn

G = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))
D = nn.Sequential(nn.Linear(1, 16), nn.ReLU(), nn.Linear(16, 1))
opt_g, opt_d = torch.optim.SGD(G.parameters(), lr=0.01), torch.optim.Adam(D.parameters(), lr=0.02)
bce = nn.BCEWithLogitsLoss()
for _ in range(60):
    real, fake = torch.randn(32, 1) + 6, G(torch.randn(32, 2))
    opt_d.zero_grad()
    d = bce(D(real), torch.ones(32, 1)) + bce(D(fake.detach()), torch.zeros(32, 1))
    d.backward()
    opt_d.step()
    opt_g.zero_grad()
    g = -bce(D(fake), torch.zeros(32, 1))
    g.backward()
    opt_g.step()
