import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(8)


def squash(s, dim=-1):
    n2 = (s * s).sum(dim, keepdim=True)
    return (n2 / (1 + n2)) * s / (n2 + 1e-8).sqrt()


class Digits(nn.Module):
    def __init__(self, n_in=64, d_in=4, n_out=3, d_out=6, iters=3):
        super().__init__()
        self.iters = iters
        self.W = nn.Parameter(0.1 * torch.randn(n_in, n_out, d_in, d_out))

    def forward(self, u):
        pred = torch.einsum("bni,nkio->bnko", u, self.W)
        fixed = pred.detach()
        b = torch.zeros(pred.shape[:3])
        for r in range(self.iters):
            c = b.softmax(dim=2).unsqueeze(-1)
            if r == self.iters - 1:
                return squash((c * pred).sum(1))
            v = squash((c * fixed).sum(1))
            b = b + (fixed * v.unsqueeze(1)).sum(-1)


class Caps(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 8, 3)
        self.c2 = nn.Conv2d(8, 16, 3, stride=2)
        self.digits = Digits()

    def forward(self, x):
        h = self.c2(F.relu(self.c1(x)))
        u = squash(h.flatten(2).transpose(1, 2).reshape(len(x), -1, 4))
        return (self.digits(u) ** 2).sum(-1).add(1e-8).sqrt()


def margin(lengths, y):
    t = F.one_hot(y, 3).float()
    return (t * F.relu(0.9 - lengths) ** 2 + 0.5 * (1 - t) * F.relu(lengths - 0.1) ** 2).sum(1).mean()


protos = torch.randn(3, 1, 12, 12)
net = Caps()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for step in range(40):
    y = torch.randint(0, 3, (24,))
    x = protos[y] + 0.4 * torch.randn(24, 1, 12, 12)
    out = net(x)
    loss = margin(out, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 10 == 0:
        print(step, loss.item(), (out.argmax(1) == y).float().mean().item())
