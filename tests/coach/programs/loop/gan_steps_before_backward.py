"""A GAN whose generator steps before its loss goes backward."""

import gradbook as torch
import gradbook.nn as nn


def train(n_iter):
    G = nn.Sequential(nn.Linear(4, 12), nn.ReLU(), nn.Linear(12, 3))
    D = nn.Sequential(nn.Linear(3, 12), nn.ReLU(), nn.Linear(12, 1))
    opt_G = torch.optim.SGD(G.parameters(), lr=0.01)
    opt_D = torch.optim.SGD(D.parameters(), lr=0.01)
    for i in range(n_iter):
        real, fake = torch.randn(10, 3) + 1, G(torch.randn(10, 4))
        opt_D.zero_grad()
        loss_D = (D(fake.detach()) - D(real)).mean()
        loss_D.backward()
        opt_D.step()

        opt_G.zero_grad()
        loss_G = -D(fake).mean()
        opt_G.step()  # coach: optimizer-call-order; fix: opt_G.step()
        loss_G.backward()


train(10)
