import gradbook as torch
import gradbook.nn as nn


class Rev(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.view_as(x)

    @staticmethod
    def backward(ctx, g):
        return -g


f = nn.Linear(4, 8)
c = nn.Linear(8, 2)
d = nn.Linear(8, 2)
o = torch.optim.Adam([*f.parameters(), *c.parameters(), *d.parameters()], 1e-2)
s, t = torch.randn(16, 4), torch.randn(16, 4) + 1
y = torch.randint(0, 2, (16,))
for i in range(8):
    hs, ht = torch.relu(f(s)), torch.relu(f(t))
    loss = nn.functional.cross_entropy(c(hs), y) + nn.functional.cross_entropy(
        d(Rev.apply(torch.cat([hs, ht]))), torch.cat([torch.zeros(16), torch.ones(16)]).long()
    )
    o.zero_grad()
    loss.backward()
    o.step()
    with torch.no_grad():
        print((c(torch.relu(f(t))).argmax(1) == y).float().mean().item())
