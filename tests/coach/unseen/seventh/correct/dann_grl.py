import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(131)


class GradReverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, lam):
        ctx.lam = lam
        return x.view_as(x)

    @staticmethod
    def backward(ctx, g):
        return -ctx.lam * g, None


C, D = 3, 10
mu = 1.5 * torch.randn(C, D)
shift = 0.8 * torch.randn(D)


def domain(n, off):
    y = torch.randint(0, C, (n,))
    x = mu[y] + off + torch.randn(n, D)
    return x, y


xs, ys = domain(256, 0 * shift)
xt, yt = domain(256, shift)
m, s = torch.cat([xs, xt]).mean(0), torch.cat([xs, xt]).std(0)
xs, xt = (xs - m) / s, (xt - m) / s
src = DataLoader(TensorDataset(xs, ys), batch_size=32, shuffle=True)
tgt = DataLoader(TensorDataset(xt), batch_size=32, shuffle=True)

feat = nn.Sequential(nn.Linear(D, 32), nn.ReLU())
label_head = nn.Linear(32, C)
domain_head = nn.Sequential(nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.Adam([p for mod in (feat, label_head, domain_head) for p in mod.parameters()], lr=3e-3)

EPOCHS = 8
for ep in range(EPOCHS):
    lam = 0.3 * ep / EPOCHS + 0.02
    for (a, ya), (b,) in zip(src, tgt):
        fa, fb = feat(a), feat(b)
        cls = F.cross_entropy(label_head(fa), ya)
        d = domain_head(GradReverse.apply(torch.cat([fa, fb]), lam)).squeeze(1)
        dom = F.binary_cross_entropy_with_logits(d, torch.cat([torch.ones(len(a)), torch.zeros(len(b))]))
        opt.zero_grad()
        (cls + dom).backward()
        opt.step()
    with torch.no_grad():
        acc = (label_head(feat(xt)).argmax(1) == yt).float().mean().item()
    print(ep, "cls %.3f dom %.3f target acc %.3f" % (cls.item(), dom.item(), acc))
