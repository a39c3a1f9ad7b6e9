"""Classifier regularised by the squared norm of its input gradient (double backpropagation)."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)
y = torch.randint(0, 2, (160,))
x = torch.randn(160, 6) + (2 * y.float() - 1).unsqueeze(1)

net = nn.Sequential(nn.Linear(6, 24), nn.Softplus(), nn.Linear(24, 2))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)

for step in range(50):
    idx = torch.randperm(160)[:40]
    xb = x[idx].clone().requires_grad_(True)
    ce = F.cross_entropy(net(xb), y[idx])
    (gx,) = torch.autograd.grad(ce, xb, create_graph=True)
    penalty = gx.pow(2).sum(1).mean() * 40 ** 2
    loss = ce + 0.01 * penalty
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 10 == 0 or step == 49:
        print(f"{step:2d} ce {ce.item():.4f} penalty {penalty.item():.4f}")
