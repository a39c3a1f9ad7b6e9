"""The error is the mean of all values, the divergence the sum over samples and codes: the codes are given up at once."""

import gradbook
from gradbook import nn, optim


class Codes(nn.Module):
    def __init__(self, features, codes):
        super().__init__()
        self.into = nn.Sequential(nn.Linear(features, 40), nn.Tanh())
        self.mean, self.log_var = nn.Linear(40, codes), nn.Linear(40, codes)
        self.out = nn.Sequential(nn.Linear(codes, 40), nn.Tanh(), nn.Linear(40, features))

    def forward(self, x):
        hidden = self.into(x)
        mean, log_var = self.mean(hidden), self.log_var(hidden)
        return self.out(mean + (log_var / 2).exp() * gradbook.randn_like(mean)), mean, log_var


gradbook.manual_seed(31)
phase = 6.28 * gradbook.rand(512, 1)
waves = 0.6 + (gradbook.linspace(0, 6.28, 24) + phase).sin()
model = Codes(24, 5)
adam = optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(18):
    for batch in waves.split(64):
        again, mean, log_var = model(batch)
        kl_loss = (mean.pow(2) + log_var.exp() - 1 - log_var).sum() / 2  # coach: regularisation-dominates; fix: .mean()
        loss = (again - batch).pow(2).mean() + kl_loss
        adam.zero_grad()
        loss.backward()
        adam.step()  # coach-also: loss-plateau
