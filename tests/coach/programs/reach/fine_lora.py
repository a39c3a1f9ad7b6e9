import gradbook as torch
import gradbook.nn as nn


class LoRA(nn.Module):
    def __init__(self, base, rank=2):
        super().__init__()
        self.base = base
        for p in self.base.parameters():
            p.requires_grad_(False)
        self.a = nn.Parameter(torch.randn(rank, base.in_features) * 0.1)
        self.b = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x):
        return self.base(x) + x @ self.a.T @ self.b.T


net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))
x, y = torch.randn(40, 8), torch.randint(0, 2, (40,))
pre = torch.optim.SGD(net.parameters(), lr=0.1)
for step in range(5):
    pre.zero_grad()
    nn.functional.cross_entropy(net(x), y).backward()
    pre.step()
net[0], net[2] = LoRA(net[0]), LoRA(net[2])
tune = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], lr=1e-2)
for step in range(6):
    tune.zero_grad()
    nn.functional.cross_entropy(net(x), 1 - y).backward()
    tune.step()
