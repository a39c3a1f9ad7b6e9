import math

import gradbook as torch
from gradbook import nn

torch.manual_seed(16)


class MeanVarianceNet(nn.Module):
    """heteroscedastic regression"""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2, 32), nn.Tanh())
        self.mu = nn.Linear(32, 1)
        self.log_sigma = nn.Linear(32, 1)

    def forward(self, x):
        h = self.body(x)
        return self.mu(h), self.log_sigma(h)


def gaussian_log_prob(y, mu, log_sigma):
    return -0.5 * ((y - mu) / log_sigma.exp()) ** 2 - log_sigma - 0.5 * math.log(2 * math.pi)


x = torch.randn(200, 2)
y = x[:, :1] + 0.3 * x[:, 1:] * torch.randn(200, 1)
net = MeanVarianceNet()
opt = torch.optim.Adam(net.parameters(), lr=0.02)
for epoch in range(10):
    for b in torch.randperm(200).split(40):
        mu, log_sigma = net(x[b])
        loss = gaussian_log_prob(y[b], mu, log_sigma).mean()  # coach: loss-diverged; fix: -gaussian_log_prob(
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, loss.item())
# coach-also: exploding-gradients, nan-origin, learning-rate-too-high
