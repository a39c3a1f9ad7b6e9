import gradbook as torch
import gradbook.nn as nn


class Flip(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, strength):
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx, g):
        return g.neg() * ctx.strength, None


class Limited(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**2

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return (g * 2 * x).clamp(-0.01, 0.01)


class Attributed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.relu(x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (x > 0) * (g > 0)


class Noisy(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.tanh(x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (1 - torch.tanh(x) ** 2) + 0.01 * torch.randn_like(g)


class Recomputed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, layer, x):
        ctx.layer, ctx.x = layer, x.detach()
        return layer(x)

    @staticmethod
    def backward(ctx, g):
        x = ctx.x.requires_grad_()
        with torch.enable_grad():
            y = ctx.layer(x)
        torch.autograd.backward(y, g)
        return None, x.grad


class Counted(torch.autograd.Function):
    calls = 0

    @staticmethod
    def forward(ctx, x):
        Counted.calls += 1
        ctx.save_for_backward(x)
        return x.sin()

    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0].cos()


torch.manual_seed(6)
body, head, domain = nn.Linear(6, 12), nn.Linear(12, 2), nn.Linear(12, 2)
inner = nn.Linear(12, 12)
opt = torch.optim.Adam([*body.parameters(), *head.parameters(), *domain.parameters(), *inner.parameters()], lr=1e-3)
x, y, d = torch.randn(40, 6), torch.randint(0, 2, (40,)), torch.randint(0, 2, (40,))
for _ in range(8):
    z = Noisy.apply(Attributed.apply(body(x))) + Counted.apply(body(x))
    z = Recomputed.apply(inner, z) + 0.1 * Limited.apply(z)
    loss = nn.functional.cross_entropy(head(z), y) + nn.functional.cross_entropy(domain(Flip.apply(z, 0.5)), d)
    opt.zero_grad()
    loss.backward()
    opt.step()
assert Counted.calls == 8
