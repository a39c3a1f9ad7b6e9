"""Integrated gradients in eval mode: the gradients of the inputs are what is wanted."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Sequential(nn.Linear(5, 12), nn.ReLU(), nn.Dropout(0.2), nn.Linear(12, 2))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
X, y = torch.randn(40, 5), torch.randint(0, 2, (40,))
for _ in range(5):
    opt.zero_grad()
    nn.functional.cross_entropy(net(X), y).backward()
    opt.step()

net.eval()
sample, base = X[:4], torch.zeros(4, 5)
total = torch.zeros_like(sample)
for k in range(8):
    point = (base + (k + 1) / 8 * (sample - base)).requires_grad_(True)
    score = net(point).gather(1, y[:4].unsqueeze(1)).sum()
    (grad,) = torch.autograd.grad(score, point)
    total += grad
print(((sample - base) * total / 8).sum(1))
