"""Plain tensors that each step makes anew: random ones, a branch that begins with 0 and a last layer of zeros."""
import gradbook as torch
import gradbook.nn.functional as F

torch.manual_seed(14)
x = torch.randn(96, 4)
y = torch.sin(x[:, :1]) + x[:, 1:2] * 0.5
params = [
    torch.randn(12, 4) / 2,
    torch.randn(12, 12) / 12**0.5,
    torch.zeros(12, 12),  # of the branch: its first step makes the units differ
    torch.zeros(1, 12),
]
params = [p.requires_grad_() for p in params]


def net(params, x):
    enter, inner, back, leave = params
    h = torch.tanh(F.linear(x, enter))
    h = h + F.linear(torch.relu(F.linear(h, inner)), back)
    return F.linear(h, leave)


for _ in range(20):
    loss = F.mse_loss(net(params, x), y)
    grads = torch.autograd.grad(loss, params)
    params = [(p - 0.1 * g).detach().requires_grad_() for p, g in zip(params, grads, strict=True)]


def curve(weight, points):  # a kernel that has one row: evaluated, never trained
    return torch.autograd.grad(torch.relu(F.linear(points, weight)).sum(), points)[0]


fixed = torch.ones(3, 4, requires_grad=True)
for _ in range(4):
    curve(fixed, x.clone().requires_grad_())
