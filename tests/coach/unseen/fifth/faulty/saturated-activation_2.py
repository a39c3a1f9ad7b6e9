import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(71)


class HashNet(nn.Module):
    """deep hashing: relaxed binary codes, sign() at retrieval"""

    def __init__(self, d=16, bits=12, beta=60.0):
        super().__init__()
        self.beta = beta
        self.feat = nn.Sequential(nn.Linear(d, 48), nn.ReLU())
        self.code = nn.Linear(48, bits)

    def forward(self, x):
        z = self.code(self.feat(x))
        return torch.tanh(self.beta * z)  # coach-line: saturated-activation


centres = torch.randn(5, 16)


def draw(n):
    y = torch.randint(0, 5, (n,))
    return centres[y] + 0.5 * torch.randn(n, 16), y


def pairwise(codes, y):
    sim = (y[:, None] == y[None, :]).float()
    inner = 0.5 * codes @ codes.t()
    off = 1 - torch.eye(len(y))
    return ((F.softplus(inner) - sim * inner) * off).sum() / off.sum()


hasher = HashNet(16, 12, beta=60.0)  # coach: saturated-activation
opt = torch.optim.Adam(hasher.parameters(), lr=1e-3)
for step in range(100):
    xb, yb = draw(64)
    loss = pairwise(hasher(xb), yb)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 25 == 0:
        print(step, loss.item())
