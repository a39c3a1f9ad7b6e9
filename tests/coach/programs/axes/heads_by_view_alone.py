"""Self-attention by hand: heads are cut out of the wrong axes."""

import math

import gradbook as torch
from gradbook import nn


class SelfAttention(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads, self.d = heads, dim // heads
        self.to_q, self.to_k, self.to_v = nn.Linear(dim, dim), nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        B, T, C = x.shape
        q = self.to_q(x).view(B, T, self.heads, self.d).transpose(1, 2)
        k = self.to_k(x).view(B, T, self.heads, self.d).transpose(1, 2)
        v = self.to_v(x).view(B, self.heads, T, self.d)  # coach: batch-axis-mixed; fix: .view(B, T, self.heads, self.d).transpose(1, 2)
        att = (q @ k.transpose(-2, -1) / math.sqrt(self.d)).softmax(dim=-1)
        y = (att @ v).transpose(1, 2).reshape(B, T, C)
        return self.proj(y)


attn = SelfAttention(12, 3)
head = nn.Linear(12, 1)
params = list(attn.parameters()) + list(head.parameters())
optim = torch.optim.SGD(params, lr=0.05)
x, y = torch.randn(6, 10, 12), torch.randn(6, 1)
for _ in range(6):
    pred = head(attn(x).mean(dim=1))
    loss = ((pred - y) ** 2).mean()
    optim.zero_grad()
    loss.backward()
    optim.step()
