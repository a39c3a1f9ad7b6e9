"""masked_fill_ on softmaxed attention, inside a module."""

import gradbook as torch
import gradbook.nn as nn


class Attn(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.qkv = nn.Linear(d, 3 * d)

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        w = torch.softmax(q @ k.transpose(-2, -1), dim=-1)
        mask = torch.triu(torch.ones(x.shape[1], x.shape[1]), 1).bool()
        w.masked_fill_(mask, 0.0)  # coach: inplace-breaks-backward; fix: w = w.masked_fill(mask, 0.0)
        return w @ v


net = nn.Sequential(Attn(6), nn.Linear(6, 6))
opt = torch.optim.Adam(net.parameters())
for _ in range(2):
    x = torch.randn(3, 5, 6)
    loss = (net(x) - x).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
