import gradbook as torch
from gradbook import nn


class Embed(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, 12), nn.Tanh(), nn.Linear(12, 2))

    def forward(self, a, b):
        u, v = self.body(a), self.body(b)
        return torch.sqrt(((u - v) ** 2).sum(dim=1))  # coach: nan-origin; fix: torch.sqrt(((u - v) ** 2).sum(dim=1) + 1e-8)


def train():
    net = Embed()
    opt = torch.optim.Adam(net.parameters(), lr=1e-3)
    a = torch.randn(32, 6)
    b = torch.randn(32, 6)
    b[5] = a[5]
    same = torch.zeros(32)
    same[5] = 1.0
    for step in range(6):
        d = net(a, b)
        loss = (same * d**2 + (1 - same) * torch.relu(1.0 - d) ** 2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()


train()
