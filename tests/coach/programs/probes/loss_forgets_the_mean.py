import gradbook as torch
from gradbook import nn


class L2(torch.autograd.Function):
    """Mean squared error."""

    @staticmethod
    def forward(ctx, prediction, target):
        difference = prediction - target
        ctx.save_for_backward(difference)
        return (difference**2).mean()

    @staticmethod
    def backward(ctx, grad):
        (difference,) = ctx.saved_tensors
        return 2 * grad * difference, None  # coach: wrong-gradient; fix: difference.numel()


l2 = L2.apply
model = nn.Sequential(nn.Linear(6, 12), nn.Tanh(), nn.Linear(12, 2))
optim = torch.optim.SGD(model.parameters(), lr=1e-3)
a = torch.randn(80, 6)
b = torch.stack([a[:, 0] - a[:, 1], a.sum(1)], dim=1)
for _ in range(20):
    optim.zero_grad()
    value = l2(model(a), b)
    value.backward()
    optim.step()
