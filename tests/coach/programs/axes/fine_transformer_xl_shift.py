"""Relative positions by the padding trick, and heads folded into the batch."""

import gradbook as torch
from gradbook import nn


def rel_shift(x):
    b, h, q, k = x.shape
    x = torch.cat([torch.zeros(b, h, q, 1), x], dim=-1)
    return x.view(b, h, k + 1, q)[:, :, 1:].view(b, h, q, k)


class RelAttention(nn.Module):
    def __init__(self, dim=12, heads=3, length=6):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.r = nn.Parameter(torch.randn(heads, length, dim // heads) * 0.1)
        self.o = nn.Linear(dim, dim)

    def forward(self, w):
        t, b, d = w.shape
        q, k, v = self.qkv(w).chunk(3, dim=-1)
        q, k, v = (z.reshape(t, b * self.heads, d // self.heads).transpose(0, 1) for z in (q, k, v))
        content = torch.bmm(q, k.transpose(1, 2))
        position = q.reshape(b, self.heads, t, -1) @ self.r.transpose(1, 2)
        scores = content + rel_shift(position).reshape(b * self.heads, t, t)
        out = torch.bmm(scores.softmax(dim=-1), v).transpose(0, 1).reshape(t, b, d)
        return self.o(out)


layer, readout = RelAttention(), nn.Linear(12, 1)
opt = torch.optim.Adam([*layer.parameters(), *readout.parameters()], lr=1e-3)
words, target = torch.randn(6, 5, 12), torch.randn(6, 5, 1)
for _ in range(5):
    loss = nn.functional.mse_loss(readout(layer(words)), target)
    opt.zero_grad()
    loss.backward()
    opt.step()
