import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.func import functional_call

torch.manual_seed(108)
net = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
meta_opt = torch.optim.Adam(net.parameters(), lr=2e-3)


def make_task():
    amp, shift = 0.5 + 1.5 * torch.rand(()), 3 * torch.rand(())

    def draw(k):
        x = torch.rand(k, 1) * 4 - 2
        return x, amp * torch.sin(x * 1.5 + shift)
    return draw


def inner(params, x, y, steps=2, lr=0.05):
    for _ in range(steps):
        loss = F.mse_loss(functional_call(net, params, (x,)), y)
        grads = torch.autograd.grad(loss, tuple(params.values()), create_graph=True)
        params = {k: p - lr * g for (k, p), g in zip(params.items(), grads)}
    return params


log = []
for it in range(60):
    meta_opt.zero_grad()
    outer = 0.0
    for _ in range(4):
        draw = make_task()
        adapted = inner(dict(net.named_parameters()), *draw(10))
        xq, yq = draw(10)
        outer = outer + F.mse_loss(functional_call(net, adapted, (xq,)), yq) / 4
    outer.backward()
    meta_opt.step()
    log.append(outer.item())
    if it % 15 == 14:
        print(it + 1, "query loss", round(sum(log[-15:]) / 15, 4))
