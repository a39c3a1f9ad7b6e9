"""DANN (Ganin et al. 2016): domain-adversarial features with a gradient reversal layer."""
import math
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(10)


class GradReverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, lam):
        ctx.lam = lam
        return x.view_as(x)

    @staticmethod
    def backward(ctx, g):
        return -ctx.lam * g, None


def domain(n, mu, shift):
    y = torch.randint(0, 3, (n,))
    return mu[y] + 0.8 * torch.randn(n, 10) + shift, y


mu = 1.3 * torch.randn(3, 10)
shift = 0.6 * torch.randn(10)
xs, ys = domain(900, mu, torch.zeros(10))
xt, yt = domain(900, mu, shift)
m, s = torch.cat([xs, xt]).mean(0), torch.cat([xs, xt]).std(0)
xs, xt = (xs - m) / s, (xt - m) / s

feat = nn.Sequential(nn.Linear(10, 48), nn.ReLU(), nn.Linear(48, 24), nn.ReLU())
label_head = nn.Linear(24, 3)
dom_head = nn.Sequential(nn.Linear(24, 24), nn.ReLU(), nn.Linear(24, 1))
nets = nn.ModuleList([feat, label_head, dom_head])
opt = torch.optim.SGD(nets.parameters(), lr=0.03, momentum=0.9)

n_it, B, it = 8 * 15, 60, 0
dom_y = torch.cat([torch.zeros(B), torch.ones(B)])
for epoch in range(8):
    nets.train()
    for i, j in zip(torch.randperm(900).split(B), torch.randperm(900).split(B)):
        lam = 2 / (1 + math.exp(-10 * it / n_it)) - 1
        h = feat(torch.cat([xs[i], xt[j]]))
        cls_loss = F.cross_entropy(label_head(h[:B]), ys[i])
        dom_loss = F.binary_cross_entropy_with_logits(dom_head(GradReverse.apply(h, lam)).squeeze(1), dom_y)
        loss = cls_loss + 0.3 * dom_loss
        opt.zero_grad()
        loss.backward()
        opt.step()
        it += 1
    nets.eval()
    with torch.no_grad():
        acc = (label_head(feat(xt)).argmax(1) == yt).float().mean().item()
    print(f"{epoch} cls {cls_loss.item():.3f} dom {dom_loss.item():.3f} target acc {acc:.3f}")
