import gradbook as torch
import gradbook.nn as nn


class Branch(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.up, self.down = nn.Linear(d, 2 * d), nn.Linear(2 * d, d)
        nn.init.constant_(self.down.weight, 0)
        nn.init.constant_(self.down.bias, 0)

    def forward(self, x):
        return x + self.down(torch.relu(self.up(x)))


class Adapter(nn.Module):
    def __init__(self, layer, n, r=2):
        super().__init__()
        self.layer = layer.requires_grad_(False)
        self.down = nn.Linear(n, r, bias=False)
        self.up = nn.Linear(r, n, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, x):
        return self.layer(x) + self.up(self.down(x))


net = nn.Sequential(nn.Linear(5, 12), Branch(12), Branch(12), Adapter(nn.Linear(12, 12), 12), nn.ReLU(), nn.Linear(12, 2))
opt = torch.optim.AdamW([p for p in net.parameters() if p.requires_grad], lr=1e-2)
x, y = torch.randn(40, 5), torch.randint(0, 2, (40,))
for _ in range(10):
    opt.zero_grad()
    nn.functional.cross_entropy(net(x), y).backward()
    opt.step()
