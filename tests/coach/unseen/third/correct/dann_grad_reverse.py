import math
from argparse import Namespace

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class GradReverse(torch.autograd.Function):
    """Identity forward; the gradient comes back with its sign turned (Ganin & Lempitsky, 2015)."""

    @staticmethod
    def forward(ctx, x, lam):
        ctx.lam = lam
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad):
        return -ctx.lam * grad, None


class DANN(nn.Module):
    def __init__(self, dim=12, width=48, classes=3):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(dim, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.label_head = nn.Linear(width, classes)
        self.domain_head = nn.Sequential(nn.Linear(width, 16), nn.ReLU(), nn.Linear(16, 1))

    def forward(self, x, lam):
        f = self.features(x)
        return self.label_head(f), self.domain_head(GradReverse.apply(f, lam)).squeeze(1)


def domain(protos, shift, n=400):
    y = torch.arange(n) % 3
    return TensorDataset(protos[y] + 0.7 * torch.randn(n, protos.shape[1]) + shift, y)


args = Namespace(lr=3e-3, epochs=6, batch=40)
torch.manual_seed(8)
protos = torch.randn(3, 12)
source, target = domain(protos, -0.3), domain(protos, 0.3)
src_loader = DataLoader(source, batch_size=args.batch, shuffle=True)
tgt_loader = DataLoader(target, batch_size=args.batch, shuffle=True)
model = DANN()
optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
total_steps, step = args.epochs * len(src_loader), 0
for epoch in range(args.epochs):
    model.train()
    for (xs, ys), (xt, _) in zip(src_loader, tgt_loader):
        lam = 2 / (1 + math.exp(-10 * step / total_steps)) - 1
        logits, dom_s = model(xs, lam)
        _, dom_t = model(xt, lam)
        dom = torch.cat([dom_s, dom_t])
        is_target = torch.cat([torch.zeros_like(dom_s), torch.ones_like(dom_t)])
        loss = F.cross_entropy(logits, ys) + F.binary_cross_entropy_with_logits(dom, is_target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
    model.eval()
    with torch.no_grad():
        x, y = target.tensors
        print(f"epoch {epoch} target acc {(model(x, 0.0)[0].argmax(1) == y).float().mean().item():.3f}")
