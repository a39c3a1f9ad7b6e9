"""Domain-adversarial training: the reversal layer flips the sign on purpose."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F


class Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, strength):
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad):
        return -ctx.strength * grad, None


class DANN(nn.Module):
    def __init__(self, d=8):
        super().__init__()
        self.feat = nn.Sequential(nn.Linear(d, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU())
        self.label = nn.Linear(16, 3)
        self.domain = nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 1))

    def forward(self, x, strength):
        h = self.feat(x)
        return self.label(h), self.domain(Reverse.apply(h, strength)).squeeze(1)


torch.manual_seed(113)
means = torch.randn(3, 8) * 1.5
shift = torch.randn(8) * 0.5


def draw(n, shifted):
    y = torch.randint(0, 3, (n,))
    x = means[y] + torch.randn(n, 8)
    return (x + shift if shifted else x), y


net = DANN()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
is_target = torch.cat([torch.zeros(32), torch.ones(32)])
for step in range(80):
    xs, ys = draw(32, False)
    xt, _ = draw(32, True)
    cls, dom = net(torch.cat([xs, xt]), strength=0.3 * min(1.0, step / 40))
    task = F.cross_entropy(cls[:32], ys)
    loss = task + F.binary_cross_entropy_with_logits(dom, is_target)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 20 == 0:
        print(step, round(task.item(), 4), round(loss.item(), 4))
net.eval()
with torch.no_grad():
    xt, yt = draw(200, True)
    print("target accuracy", (net(xt, 0.0)[0].argmax(1) == yt).float().mean().item())
