"""Attention-based multiple-instance learning (Ilse et al. 2018), toy bags."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(21)
B, T, D = 48, 10, 8


class AttnMIL(nn.Module):
    def __init__(self, h=24):
        super().__init__()
        self.phi = nn.Sequential(nn.Linear(D, h), nn.ReLU())
        self.V = nn.Linear(h, 16)
        self.w = nn.Linear(16, 1)
        self.rho = nn.Linear(h, 2)

    def forward(self, bag):
        h = self.phi(bag)
        e = self.w(torch.tanh(self.V(h)))
        a = F.softmax(e, dim=-1)  # coach: degenerate-activation; fix: dim=1
        z = (a * h).sum(1)
        return self.rho(z)


def bags(n):
    y = torch.arange(n) % 2
    x = torch.randn(n, T, D)
    pos = torch.randint(0, T, (n,))
    x[torch.arange(n), pos] += (2.0 * y.float() - 1.0)[:, None] * 2.0
    return x, y


X, Y = bags(960)
X = (X - X.mean((0, 1))) / X.std((0, 1))
net = AttnMIL()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(5):
    perm = torch.randperm(len(X))
    hit = 0
    for chunk in perm.split(B):
        logit = net(X[chunk])
        loss = F.cross_entropy(logit, Y[chunk])
        opt.zero_grad(); loss.backward(); opt.step()
        hit += (logit.argmax(1) == Y[chunk]).sum().item()
    print(f"ep {epoch}  acc {hit / len(X):.3f}  loss {loss.item():.3f}")
