import gradbook as torch
import gradbook.nn as nn


class RoundIt(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.round(x)

    @staticmethod
    def backward(ctx, g):
        return g


class Heads(torch.autograd.Function):
    @staticmethod
    def forward(ctx, p):
        return torch.bernoulli(p)

    @staticmethod
    def backward(ctx, g):
        return g.clone()


class Sign(torch.autograd.Function):
    @staticmethod
    def forward(ctx, w):
        ctx.save_for_backward(w)
        return torch.sign(w) * w.abs().mean()

    @staticmethod
    def backward(ctx, g):
        (w,) = ctx.saved_tensors
        return g * (w.abs() <= 1)


class Bounded(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clamp(-1, 1)

    @staticmethod
    def backward(ctx, g):
        return g


class Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx, v):
        ctx.save_for_backward(v)
        return (v > 0).float()

    @staticmethod
    def backward(ctx, g):
        (v,) = ctx.saved_tensors
        return g / (1 + 10 * v.abs()) ** 2


class LearnedStep(torch.autograd.Function):
    @staticmethod
    def forward(ctx, w, scale):
        q = (w / scale).round().clamp(-8, 7)
        ctx.save_for_backward(w / scale, q)
        return q * scale

    @staticmethod
    def backward(ctx, g):
        w, q = ctx.saved_tensors
        inside = (w >= -8) & (w <= 7)
        return g * inside, (g * torch.where(inside, q - w, q)).sum()


torch.manual_seed(4)
w = nn.Parameter(torch.randn(8, 16) * 0.5)
scale = nn.Parameter(torch.tensor(0.1))
v = nn.Parameter(torch.randn(16, 16) * 0.3)
out = nn.Linear(16, 2)
adam = torch.optim.Adam([w, scale, v, *out.parameters()], lr=1e-2)
x, y = torch.randn(50, 8), torch.randint(0, 2, (50,))
for _ in range(10):
    h = Bounded.apply(x @ LearnedStep.apply(w, scale))
    h = h + RoundIt.apply(3 * h) + Heads.apply(torch.sigmoid(h))
    h = Spike.apply(h @ Sign.apply(v)) + h
    loss = nn.functional.cross_entropy(out(h), y)
    adam.zero_grad()
    loss.backward()
    adam.step()
