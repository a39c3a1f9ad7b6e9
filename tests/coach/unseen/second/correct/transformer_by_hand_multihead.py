"""A decoder block written by hand: heads split by view and transpose, causal mask, pre-norm. Ten steps."""
import math

import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)


class Attention(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.h = heads
        self.qkv = nn.Linear(d, 3 * d, bias=False)
        self.proj = nn.Linear(d, d)

    def forward(self, x):
        B, T, D = x.shape
        q, k, v = self.qkv(x).split(D, dim=2)
        q, k, v = (a.view(B, T, self.h, D // self.h).transpose(1, 2) for a in (q, k, v))
        att = q @ k.transpose(-2, -1) / math.sqrt(D // self.h)
        mask = torch.triu(torch.ones(T, T, dtype=torch.bool), diagonal=1)
        att = att.masked_fill(mask, float("-inf")).softmax(-1)
        out = (att @ v).transpose(1, 2).contiguous().view(B, T, D)
        return self.proj(out)


class Block(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.n1, self.n2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.att = Attention(d, heads)
        self.mlp = nn.Sequential(nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d))

    def forward(self, x):
        x = x + self.att(self.n1(x))
        return x + self.mlp(self.n2(x))


class GPT(nn.Module):
    def __init__(self, vocab=8, d=32, T=12):
        super().__init__()
        self.tok, self.pos = nn.Embedding(vocab, d), nn.Parameter(0.02 * torch.randn(T, d))
        self.block, self.norm, self.head = Block(d, 4), nn.LayerNorm(d), nn.Linear(d, vocab)

    def forward(self, idx):
        x = self.tok(idx) + self.pos[: idx.size(1)]
        return self.head(self.norm(self.block(x)))


model = GPT()
opt = torch.optim.AdamW(model.parameters(), lr=5e-3)
for step in range(10):
    half = torch.randint(0, 8, (24, 1)) + torch.arange(7)
    seq = half % 8
    logits = model(seq[:, :-1])
    loss = F.cross_entropy(logits.reshape(-1, 8), seq[:, 1:].reshape(-1))
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, round(loss.item(), 4))
