"""Generator's loss is computed before the discriminator steps, and goes backward afterwards."""

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


def train(epochs):
    G = nn.Sequential(nn.Linear(4, 20), nn.ReLU(), nn.Linear(20, 2))
    D = nn.Sequential(nn.Linear(2, 20), nn.ReLU(), nn.Linear(20, 1))
    optG = torch.optim.Adam(G.parameters(), 1e-3)
    optD = torch.optim.Adam(D.parameters(), 1e-3)
    for _ in range(epochs):
        real = torch.randn(16, 2) * 0.1 + 1
        fake = G(torch.randn(16, 4))
        d_real, d_fake = D(real), D(fake.detach())
        d_loss = F.relu(1 - d_real).mean() + F.relu(1 + d_fake).mean()
        g_loss = -D(fake).mean()

        optD.zero_grad()
        d_loss.backward()
        optD.step()  # coach: inplace-breaks-backward; fix: optD.step()

        optG.zero_grad()
        g_loss.backward()
        optG.step()


train(3)
