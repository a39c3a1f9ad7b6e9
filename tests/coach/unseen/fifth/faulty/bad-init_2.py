import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(91)


class Linear(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.weight = nn.Parameter(torch.full((n_out, n_in), 1.0 / n_in))  # coach: bad-init
        self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x):
        return x @ self.weight.t() + self.bias


class Twin(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2, self.l3 = Linear(12, 32), Linear(32, 32), Linear(32, 6)

    def embed(self, x):
        return self.l3(torch.tanh(self.l2(torch.tanh(self.l1(x)))))

    def forward(self, a, b):
        return (self.embed(a) - self.embed(b)).pow(2).sum(1)


def contrastive(d2, same, margin=1.0):
    d = (d2 + 1e-6).sqrt()
    return (same * d2 + (1 - same) * F.relu(margin - d).pow(2)).mean()


protos = torch.randn(6, 12)
twin = Twin()
opt = torch.optim.Adam(twin.parameters(), lr=2e-3)
for step in range(100):
    ca = torch.randint(0, 6, (64,))
    cb = torch.where(torch.rand(64) < 0.5, ca, torch.randint(0, 6, (64,)))
    xa = protos[ca] + 0.3 * torch.randn(64, 12)
    xb = protos[cb] + 0.3 * torch.randn(64, 12)
    loss = contrastive(twin(xa, xb), (ca == cb).float())
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 20 == 0:
        print(step, loss.item())
# coach-also: loss-plateau
