"""BYOL: online/target pair, stop-gradient targets, EMA with a cosine momentum schedule."""
import copy
import math
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(7)
mix = torch.randn(5, 18)
data = torch.randn(1024, 5) @ mix + 0.3 * torch.randn(1024, 18)
data = (data - data.mean(0)) / data.std(0)


def block(i, h, o):
    return nn.Sequential(nn.Linear(i, h, bias=False), nn.BatchNorm1d(h), nn.ReLU(), nn.Linear(h, o))


online, predictor = block(18, 48, 16), block(16, 32, 16)
target = copy.deepcopy(online)
for p in target.parameters():
    p.requires_grad_(False)


@torch.no_grad()
def ema(tau):
    for t, o in zip(target.parameters(), online.parameters()):
        t.mul_(tau).add_(o, alpha=1 - tau)


def view(x):
    return x * (torch.rand_like(x) > 0.2).float() + 0.15 * torch.randn_like(x)


def regress(p, z):
    return 2 - 2 * F.cosine_similarity(p, z, dim=1).mean()


opt = torch.optim.AdamW([*online.parameters(), *predictor.parameters()], lr=2e-3, weight_decay=1e-4)
total, step = 8 * 8, 0
for epoch in range(8):
    run = 0.0
    for idx in torch.randperm(len(data)).split(128):
        a, b = view(data[idx]), view(data[idx])
        with torch.no_grad():
            ta, tb = target(a), target(b)
        loss = regress(predictor(online(a)), tb) + regress(predictor(online(b)), ta)
        opt.zero_grad()
        loss.backward()
        opt.step()
        ema(1 - 0.05 * (math.cos(math.pi * step / total) + 1) / 2)
        step += 1
        run += loss.item()
    print(epoch, round(run / 8, 4))
