"""Reptile on sine-like regression tasks, everything functional."""
import gradbook as torch
import gradbook.nn.functional as F

torch.manual_seed(10)


def new_params(sizes):
    params = []
    for n_in, n_out in zip(sizes[:-1], sizes[1:]):
        params.append((torch.ones(n_out, n_in) / n_in).requires_grad_())  # coach: bad-init; fix: torch.randn(n_out, n_in)
        params.append(torch.zeros(n_out, requires_grad=True))
    return params


def mlp(params, x):
    *hidden, w, b = params
    for i in range(0, len(hidden), 2):
        x = torch.tanh(F.linear(x, hidden[i], hidden[i + 1]))
    return F.linear(x, w, b)


def sample_task():
    amp, phase = 0.5 + torch.rand(1), torch.rand(1) * 3

    def draw(n):
        x = torch.randn(n, 1)
        return x, amp * torch.sin(2 * x + phase)
    return draw


def adapt(params, draw, steps=5, lr=0.05):
    fast = [p.detach().clone().requires_grad_() for p in params]
    for _ in range(steps):
        x, y = draw(16)
        loss = F.mse_loss(mlp(fast, x), y)
        grads = torch.autograd.grad(loss, fast)
        fast = [(p - lr * g).detach().requires_grad_() for p, g in zip(fast, grads)]
    return fast, loss.item()


meta = new_params([1, 24, 24, 1])
for it in range(60):
    fast, last = adapt(meta, sample_task())
    with torch.no_grad():
        for p, f in zip(meta, fast):
            p += 0.3 * (f - p)
    if it % 15 == 0:
        print(it, "adapted loss", round(last, 4))
