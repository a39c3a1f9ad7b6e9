"""A GAN as a class that trains its generator first, then the critic on the same fakes."""

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class GAN:
    def __init__(self, latent=6, width=24):
        self.latent = latent
        self.gen = nn.Sequential(nn.Linear(latent, width), nn.ReLU(), nn.Linear(width, 3))
        self.disc = nn.Sequential(nn.Linear(3, width), nn.ReLU(), nn.Linear(width, 1))
        self.opt_gen = torch.optim.Adam(self.gen.parameters(), lr=1e-3)
        self.opt_disc = torch.optim.Adam(self.disc.parameters(), lr=1e-3)

    def fit(self, data, epochs):
        for epoch in range(epochs):
            z = torch.randn(len(data), self.latent)
            samples = self.gen(z)

            self.opt_gen.zero_grad()
            g_loss = F.softplus(-self.disc(samples)).mean()
            g_loss.backward()
            self.opt_gen.step()

            self.opt_disc.zero_grad()
            real_part = F.softplus(-self.disc(data)).mean()
            fake_part = F.softplus(self.disc(samples)).mean()  # coach: backward-twice; fix: self.disc(samples.detach())
            d_loss = real_part + fake_part
            d_loss.backward()
            self.opt_disc.step()


GAN().fit(torch.randn(30, 3) + 2, epochs=5)
