"""MAML, second order (Finn et al. 2017), sinusoid regression."""
import math
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(0)


def forward(w, x):
    h = torch.tanh(F.linear(x, w[0], w[1]))
    h = torch.tanh(F.linear(h, w[2], w[3]))
    return F.linear(h, w[4], w[5])


def sample_task():
    amp, ph = 0.5 + torch.rand(1), math.pi * torch.rand(1)

    def draw(k):
        x = 4 * torch.rand(k, 1) - 2
        return x, amp * torch.sin(2 * x + ph)
    return draw


net = nn.Sequential(nn.Linear(1, 40), nn.Tanh(), nn.Linear(40, 40), nn.Tanh(), nn.Linear(40, 1))
theta = list(net.parameters())
meta_opt = torch.optim.Adam(theta, lr=2e-3)
alpha, tasks = 0.05, 4

log = []
for it in range(60):
    meta_opt.zero_grad()
    outer = 0.0
    for _ in range(tasks):
        draw = sample_task()
        fast = theta
        xs, ys = draw(10)
        for _ in range(2):
            inner = F.mse_loss(forward(fast, xs), ys)
            grads = torch.autograd.grad(inner, fast, create_graph=True)
            fast = [p - alpha * g for p, g in zip(fast, grads)]
        xq, yq = draw(15)
        outer = outer + F.mse_loss(forward(fast, xq), yq) / tasks
    outer.backward()
    meta_opt.step()
    log.append(outer.item())
    if it % 20 == 19:
        print(it + 1, f"post-adaptation mse {sum(log[-20:]) / 20:.4f}")
