import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(6)


class PrimaryCaps(nn.Module):
    def __init__(self, cin, n_caps, dim):
        super().__init__()
        self.dim = dim
        self.conv = nn.Conv2d(cin, n_caps * dim, 3, stride=2)

    def forward(self, x):
        u = self.conv(x)
        b, c, h, w = u.shape
        u = u.view(b, c // self.dim, self.dim, h, w).permute(0, 1, 3, 4, 2)
        return squash(u.reshape(b, -1, self.dim))


def squash(s):
    n2 = (s ** 2).sum(-1, keepdim=True)
    return n2 / (1 + n2) * s / (n2 + 1e-8).sqrt()


class CapsNet(nn.Module):
    def __init__(self, n_cls=3):
        super().__init__()
        self.stem = nn.Conv2d(1, 8, 3)
        self.prim = PrimaryCaps(8, 4, 4)
        self.cls = nn.Linear(144, n_cls * 8)  # coach: shape-mismatch; fix: nn.Linear(256, n_cls * 8)

    def forward(self, x):
        caps = self.prim(F.relu(self.stem(x)))
        v = self.cls(caps.flatten(1)).view(len(x), -1, 8)
        return squash(v).norm(dim=-1)


def margin_loss(length, y):
    t = F.one_hot(y, 3).float()
    return (t * F.relu(0.9 - length) ** 2 + 0.5 * (1 - t) * F.relu(length - 0.1) ** 2).sum(1).mean()


protos = torch.randn(3, 1, 12, 12)
net = CapsNet()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for step in range(20):
    y = torch.randint(0, 3, (16,))
    x = protos[y] + 0.4 * torch.randn(16, 1, 12, 12)
    loss = margin_loss(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
