import copy
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(3)


def mlp(i, h, o):
    return nn.Sequential(nn.Linear(i, h, bias=False), nn.BatchNorm1d(h), nn.ReLU(), nn.Linear(h, o))


online, predictor = mlp(14, 32, 8), mlp(8, 16, 8)
teacher = copy.deepcopy(online)
for p in teacher.parameters():
    p.requires_grad_(False)
opt = torch.optim.Adam(list(online.parameters()) + list(predictor.parameters()), lr=2e-3)


def loss_fn(p, z):
    return 2 - 2 * (F.normalize(p, dim=1) * F.normalize(z, dim=1)).sum(1).mean()


@torch.no_grad()
def ema(tau=0.97):
    for t, o in zip(teacher.parameters(), online.parameters()):
        t.mul_(tau).add_(o, alpha=1 - tau)


centres = torch.randn(5, 14)
for step in range(50):
    base = centres[torch.randint(0, 5, (64,))] + 0.3 * torch.randn(64, 14)
    v1, v2 = base + 0.2 * torch.randn_like(base), base + 0.2 * torch.randn_like(base)
    with torch.no_grad():
        t1, t2 = teacher(v1), teacher(v2)
    loss = 0.5 * (loss_fn(predictor(online(v1)), t2) + loss_fn(predictor(online(v2)), t1))
    opt.zero_grad()
    loss.backward()
    opt.step()
    ema()
    if step % 10 == 0:
        print(step, loss.item())
