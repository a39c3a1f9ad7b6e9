import gradbook as torch
import gradbook.nn as nn


class Relu(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (x > 0)


class MyDropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, p):
        ctx.mask = (torch.rand_like(x) > p).to(x.dtype) / (1 - p)
        return x * ctx.mask

    @staticmethod
    def backward(ctx, g):
        return g * ctx.mask, None


class Affine(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w)
        return x @ w.t() + b

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return g @ w, g.t() @ x, g.sum(0)


class SoftmaxLoss(torch.autograd.Function):
    """Always the last thing: its gradient is 1."""

    @staticmethod
    def forward(ctx, scores, labels):
        p = torch.softmax(scores, 1)
        ctx.save_for_backward(p, labels)
        return -p[torch.arange(len(labels)), labels].log().mean()

    @staticmethod
    def backward(ctx, g):
        p, labels = ctx.saved_tensors
        grad = p.clone()
        grad[torch.arange(len(labels)), labels] -= 1
        return grad / len(labels), None


torch.manual_seed(0)
w1 = nn.Parameter(torch.randn(20, 6) * 0.4)
b1 = nn.Parameter(torch.zeros(20))
w2 = nn.Parameter(torch.randn(3, 20) * 0.2)
b2 = nn.Parameter(torch.zeros(3))
opt = torch.optim.SGD([w1, b1, w2, b2], lr=0.1)
x = torch.relu(torch.randn(64, 6))
y = x[:, :3].argmax(1)
drawn = []
for _ in range(10):
    h = Relu.apply(Affine.apply(x, w1, b1))
    loss = SoftmaxLoss.apply(Affine.apply(MyDropout.apply(h, 0.2), w2, b2), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
