import gradbook as torch
import gradbook.nn as nn
from gradbook.func import functional_call

m = nn.Linear(3, 1)
o = torch.optim.Adam(m.parameters(), 1e-2)
for ep in range(6):
    w = torch.randn(3, 1)
    xs, xq = torch.randn(8, 3), torch.randn(8, 3)
    ps = dict(m.named_parameters())
    loss = ((functional_call(m, ps, (xs,)) - xs @ w) ** 2).mean()
    g = torch.autograd.grad(loss, list(ps.values()), create_graph=True)
    fast = {k: p - 0.1 * gg for (k, p), gg in zip(ps.items(), g)}
    q = ((functional_call(m, fast, (xq,)) - xq @ w) ** 2).mean()
    o.zero_grad()
    q.backward()
    o.step()
    print(q.item())
