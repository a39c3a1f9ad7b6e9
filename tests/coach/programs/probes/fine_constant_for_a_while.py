import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Residual(nn.Module):
    """Begins as nothing: the last layer of the branch is zero."""

    def __init__(self, n):
        super().__init__()
        self.up, self.down = nn.Linear(n, 2 * n), nn.Linear(2 * n, n)
        nn.init.zeros_(self.down.weight)
        nn.init.zeros_(self.down.bias)

    def forward(self, x):
        return x + self.down(F.relu(self.up(x)))


class Policy(nn.Module):
    """Its spread does not depend on the state."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 16), nn.Tanh())
        self.mean = nn.Linear(16, 2)
        self.log_std = nn.Parameter(torch.zeros(2))

    def forward(self, s):
        mean = self.mean(self.body(s))
        return mean, self.log_std.clamp(-5, 2).expand_as(mean)


class Expert(nn.Module):
    """The gate is shut for all samples in the beginning."""

    def __init__(self):
        super().__init__()
        self.gate, self.value = nn.Linear(5, 1), nn.Linear(5, 5)
        nn.init.constant_(self.gate.bias, -1.0)

    def forward(self, x):
        return x + torch.relu(self.gate(x)) * self.value(x)


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(6, 5), Residual(5), Expert(), nn.Linear(5, 3))
nn.init.zeros_(net[-1].weight)
x, y = torch.randn(60, 6), torch.randint(0, 3, (60,))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for _ in range(12):
    opt.zero_grad()
    F.cross_entropy(net(x), y).backward()
    opt.step()

policy = Policy()
act = torch.optim.Adam(policy.parameters(), lr=1e-3)
for _ in range(8):
    states = torch.randn(32, 4)
    mean, log_std = policy(states)
    action = (mean + log_std.exp() * torch.randn_like(mean)).detach()
    log_prob = (-0.5 * ((action - mean) / log_std.exp()) ** 2 - log_std).sum(1)
    loss = -(log_prob * -(action**2).sum(1)).mean()
    act.zero_grad()
    loss.backward()
    act.step()
