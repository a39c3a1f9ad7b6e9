import copy
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(103)


def sine_task():
    amp = 0.5 + torch.rand(1)
    phase = 3.14 * torch.rand(1)

    def draw(n):
        x = 2 * torch.randn(n, 1)
        return x / 2, amp * torch.sin(x + phase)
    return draw


meta = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
meta_lr = 0.3

for it in range(40):
    task = sine_task()
    fast = copy.deepcopy(meta)
    inner = torch.optim.SGD(fast.parameters(), lr=0.05)
    for _ in range(5):
        xs, ys = task(20)
        inner.zero_grad()
        loss = F.mse_loss(fast(xs), ys)
        loss.backward()
        inner.step()
    with torch.no_grad():
        for p, q in zip(meta.parameters(), fast.parameters()):
            p.add_(meta_lr * (q - p))
    if it % 10 == 0:
        print(it, loss.item())
