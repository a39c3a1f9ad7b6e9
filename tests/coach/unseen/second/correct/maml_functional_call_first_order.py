"""First-order MAML with functional_call: the inner loop works on a dictionary of detached copies."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.func import functional_call

torch.manual_seed(1)
model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1))
meta_opt = torch.optim.Adam(model.parameters(), lr=5e-3)


def sample_task():
    angle = 0.8 * torch.rand(()) - 0.4
    direction = torch.stack([angle.cos(), angle.sin()])
    x = torch.randn(24, 2)
    y = (x @ direction > 0).float()
    return x[:12], y[:12], x[12:], y[12:]


def adapt(xs, ys, steps=2, lr=0.3):
    weights = {k: v.detach().clone().requires_grad_(True) for k, v in model.named_parameters()}
    for _ in range(steps):
        logits = functional_call(model, weights, (xs,)).squeeze(-1)
        loss = F.binary_cross_entropy_with_logits(logits, ys)
        grads = torch.autograd.grad(loss, list(weights.values()))
        weights = {k: (w - lr * g).detach().requires_grad_(True)
                   for (k, w), g in zip(weights.items(), grads)}
    return weights


log = []
for it in range(40):
    meta_opt.zero_grad()
    for p in model.parameters():
        p.grad = torch.zeros_like(p)
    total = 0.0
    for _ in range(3):
        xs, ys, xq, yq = sample_task()
        fast = adapt(xs, ys)
        loss = F.binary_cross_entropy_with_logits(functional_call(model, fast, (xq,)).squeeze(-1), yq)
        grads = torch.autograd.grad(loss, list(fast.values()))
        for p, g in zip(model.parameters(), grads):
            p.grad.add_(g / 3)
        total += loss.item() / 3
    meta_opt.step()
    log.append(total)
print("query loss", sum(log[:10]) / 10, "->", sum(log[-10:]) / 10)
