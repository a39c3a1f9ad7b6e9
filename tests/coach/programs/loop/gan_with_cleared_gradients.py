"""A GAN in which the generator's gradients are cleared after backward, before its step."""

import gradbook as torch
import gradbook.nn as nn

gen = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 2))
dis = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
g_opt = torch.optim.Adam(gen.parameters(), lr=1e-3)
d_opt = torch.optim.Adam(dis.parameters(), lr=1e-3)
bce = nn.BCEWithLogitsLoss()
for it in range(12):
    real = torch.randn(16, 2) * 0.3 + 2
    fake = gen(torch.randn(16, 3))
    d_opt.zero_grad()
    d_loss = bce(dis(real), torch.ones(16, 1)) + bce(dis(fake.detach()), torch.zeros(16, 1))
    d_loss.backward()
    d_opt.step()

    g_loss = bce(dis(fake), torch.ones(16, 1))
    g_loss.backward()
    g_opt.zero_grad()  # coach: optimizer-call-order; fix: g_opt.zero_grad()
    g_opt.step()
