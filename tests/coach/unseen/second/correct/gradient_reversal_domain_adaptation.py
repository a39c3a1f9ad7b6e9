"""DANN: the domain classifier's gradient is reversed on its way to the feature extractor."""
import math

import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn


class Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, lam):
        ctx.lam = lam
        return x.view_as(x)

    @staticmethod
    def backward(ctx, g):
        return -ctx.lam * g, None


torch.manual_seed(0)


def domain(n, shift):
    y = torch.randint(0, 2, (n,))
    x = torch.randn(n, 6) * 0.6
    x[:, 0] += 2.0 * y - 1.0
    x[:, 1] += shift
    return x, y


features = nn.Sequential(nn.Linear(6, 24), nn.ReLU())
label_head, domain_head = nn.Linear(24, 2), nn.Linear(24, 2)
params = [*features.parameters(), *label_head.parameters(), *domain_head.parameters()]
opt = torch.optim.Adam(params, lr=5e-3)
STEPS = 70
dom = torch.cat([torch.zeros(32), torch.ones(32)]).long()
for step in range(STEPS):
    lam = 2 / (1 + math.exp(-5 * step / STEPS)) - 1
    (xs, ys), (xt, _) = domain(32, -0.7), domain(32, 0.7)
    f = features(torch.cat([xs, xt]))
    label_loss = F.cross_entropy(label_head(f[:32]), ys)
    domain_loss = F.cross_entropy(domain_head(Reverse.apply(f, lam)), dom)
    loss = label_loss + domain_loss
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 20 == 0 or step == STEPS - 1:
        print(step, f"label {label_loss.item():.4f} domain {domain_loss.item():.4f} lambda {lam:.2f}")
xt, yt = domain(200, 0.7)
with torch.no_grad():
    print("target accuracy", (label_head(features(xt)).argmax(1) == yt).float().mean().item())
