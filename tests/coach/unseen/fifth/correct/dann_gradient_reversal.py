import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(6)


class Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, lam):
        ctx.lam = lam
        return x.view_as(x)

    @staticmethod
    def backward(ctx, g):
        return -ctx.lam * g, None


feat = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU())
label_head, domain_head = nn.Linear(16, 3), nn.Linear(16, 1)
params = [*feat.parameters(), *label_head.parameters(), *domain_head.parameters()]
opt = torch.optim.SGD(params, lr=0.05, momentum=0.9)
centres = torch.randn(3, 10)
shift = 0.5 * torch.randn(10)


def draw(n, target):
    y = torch.randint(0, 3, (n,))
    x = centres[y] + 0.9 * torch.randn(n, 10)
    return (x + shift if target else x), y


dom = torch.cat([torch.zeros(32), torch.ones(32)])
steps = 80
for it in range(steps):
    xs, ys = draw(32, False)
    xt, _ = draw(32, True)
    lam = 0.3 * it / steps
    f = feat(torch.cat([xs, xt]))
    cls = F.cross_entropy(label_head(f[:32]), ys)
    adv = F.binary_cross_entropy_with_logits(domain_head(Reverse.apply(f, lam)).squeeze(1), dom)
    loss = cls + adv
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 20 == 0:
        for m in (feat, label_head):
            m.eval()
        with torch.no_grad():
            xv, yv = draw(128, True)
            acc = (label_head(feat(xv)).argmax(1) == yv).float().mean().item()
        for m in (feat, label_head):
            m.train()
        print(it, cls.item(), adv.item(), acc)
