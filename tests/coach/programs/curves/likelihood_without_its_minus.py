import gradbook as torch
from gradbook import nn


class Density(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 16), nn.Tanh())
        self.centre, self.spread = nn.Linear(16, 1), nn.Linear(16, 1)

    def forward(self, x):
        h = self.body(x)
        return self.centre(h), self.spread(h)


def log_likelihood(target, centre, spread):
    return -0.5 * ((target - centre) * torch.exp(-spread)) ** 2 - spread


torch.manual_seed(8)
x = torch.randn(120, 3)
target = x.sum(1, keepdim=True) + 0.1 * torch.randn(120, 1)
net = Density()
adam = torch.optim.Adam(net.parameters(), lr=0.03)
for step in range(60):
    centre, spread = net(x)
    objective = log_likelihood(target, centre, spread).mean()  # coach: loss-diverged; fix: -log_likelihood(
    adam.zero_grad()
    objective.backward()  # coach-also: exploding-gradients, learning-rate-too-high
    adam.step()
