import gradbook as torch
import gradbook.nn as nn

w = nn.Parameter(torch.randn(4, 1) * 0.1)
b = nn.Parameter(torch.zeros(1))
meta = torch.optim.Adam([w, b], lr=1e-2)
for episode in range(6):
    slope = torch.randn(4, 1)
    xs, xq = torch.randn(10, 4), torch.randn(10, 4)
    support = ((xs @ w + b - xs @ slope) ** 2).mean()
    gw, gb = torch.autograd.grad(support, (w, b), create_graph=True)
    fast_w, fast_b = w - 0.1 * gw, b - 0.1 * gb
    query = ((xq @ fast_w + fast_b - xq @ slope) ** 2).mean()
    meta.zero_grad()
    query.backward()
    meta.step()
