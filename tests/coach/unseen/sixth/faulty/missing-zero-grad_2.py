"""Reptile (Nichol et al. 2018) on sinusoid regression."""
import copy
import math
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(0)


def sine_task():
    amp = 0.5 + torch.rand(1)
    phase = torch.rand(1) * math.pi

    def draw(k):
        x = torch.rand(k, 1) * 4 - 2
        return x, amp * torch.sin(2 * x + phase)
    return draw


def adapt(net, task, steps=8, lr=0.1):
    fast = copy.deepcopy(net)
    inner = torch.optim.SGD(fast.parameters(), lr=lr)
    for _ in range(steps):
        x, y = task(20)
        loss = F.mse_loss(fast(x), y)
        loss.backward()  # coach: missing-zero-grad; fix: inner.zero_grad()
        inner.step()  # coach-line: missing-zero-grad
    return fast, loss.item()


meta = nn.Sequential(nn.Linear(1, 40), nn.Tanh(), nn.Linear(40, 40), nn.Tanh(), nn.Linear(40, 1))
eps = 0.3
hist = []
for it in range(40):
    fast, last = adapt(meta, sine_task())
    with torch.no_grad():
        for p, q in zip(meta.parameters(), fast.parameters()):
            p.add_(eps * (q - p))
    hist.append(last)
    if it % 10 == 9:
        print(it + 1, f"{sum(hist[-10:]) / 10:.4f}")
