"""MAML on sine waves, functional inner loop with second order gradients."""
import math

import gradbook as torch
import gradbook.nn.functional as F

torch.manual_seed(0)


def init(n_in, n_out):
    bound = 1 / math.sqrt(n_in)
    w = torch.empty(n_out, n_in).uniform_(-bound, bound).requires_grad_()
    b = torch.zeros(n_out, requires_grad=True)
    return [w, b]


meta = init(1, 24) + init(24, 24) + init(24, 1)


def net(x, p):
    x = torch.tanh(F.linear(x, p[0], p[1]))
    x = torch.tanh(F.linear(x, p[2], p[3]))
    return F.linear(x, p[4], p[5])


def sample_task():
    amp = float(torch.rand(1)) * 2 + 0.5
    phase = float(torch.rand(1)) * math.pi

    def draw(k):
        x = torch.rand(k, 1) * 6 - 3
        return x, amp * torch.sin(x + phase)

    return draw


outer = torch.optim.Adam(meta, lr=5e-3)
for it in range(12):
    outer.zero_grad()
    meta_loss = 0.0
    for _ in range(4):
        task = sample_task()
        xs, ys = task(10)
        fast = meta
        for _ in range(2):
            inner = F.mse_loss(net(xs, fast), ys)
            grads = torch.autograd.grad(inner, fast, create_graph=True)
            fast = [p - 0.05 * g for p, g in zip(fast, grads)]
        xq, yq = task(10)
        meta_loss = meta_loss + F.mse_loss(net(xq, fast), yq)
    meta_loss = meta_loss / 4
    meta_loss.backward()
    outer.step()
    if it % 3 == 0:
        print(it, meta_loss.item())
