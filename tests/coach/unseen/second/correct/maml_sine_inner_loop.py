"""MAML: one differentiable inner step for each task, meta-gradient through the update."""
import gradbook as torch
import gradbook.nn.functional as F

torch.manual_seed(0)
g = torch.Generator().manual_seed(0)


def init(i, o):
    return (torch.randn(i, o, generator=g) / i ** 0.5).requires_grad_(True)


params = [init(1, 24), torch.zeros(24, requires_grad=True), init(24, 24),
          torch.zeros(24, requires_grad=True), init(24, 1), torch.zeros(1, requires_grad=True)]


def forward(x, w):
    h = torch.tanh(x @ w[0] + w[1])
    h = torch.tanh(h @ w[2] + w[3])
    return h @ w[4] + w[5]


def task():
    amp = 0.5 + 1.5 * torch.rand(1, generator=g)
    phase = 3.14 * torch.rand(1, generator=g)
    x = 4 * torch.rand(20, 1, generator=g) - 2
    y = amp * torch.sin(x + phase)
    return x[:10], y[:10], x[10:], y[10:]


meta_opt = torch.optim.Adam(params, lr=1e-2)
INNER_LR = 0.1
log = []
for it in range(50):
    meta_opt.zero_grad()
    meta_loss = 0.0
    for _ in range(4):
        xs, ys, xq, yq = task()
        inner = F.mse_loss(forward(xs, params), ys)
        grads = torch.autograd.grad(inner, params, create_graph=True)
        fast = [p - INNER_LR * gr for p, gr in zip(params, grads)]
        meta_loss = meta_loss + F.mse_loss(forward(xq, fast), yq)
    meta_loss = meta_loss / 4
    meta_loss.backward()
    meta_opt.step()
    log.append(meta_loss.item())
print("query loss after one inner step:", sum(log[:8]) / 8, "->", sum(log[-8:]) / 8)
