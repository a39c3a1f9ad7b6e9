# %%
import math
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(4)
V, T, D = 10, 12, 32

# %%
class CausalSelfAttention(nn.Module):
    def __init__(self, d, heads=4):
        super().__init__()
        self.h = heads
        self.qkv = nn.Linear(d, 3 * d)
        self.proj = nn.Linear(d, d)
        future = torch.triu(torch.ones(T, T), diagonal=0)  # coach: nan-origin; fix: diagonal=1
        self.register_buffer("mask", future.bool())

    def forward(self, x):
        b, t, d = x.shape
        q, k, v = (z.view(b, t, self.h, d // self.h).transpose(1, 2) for z in self.qkv(x).chunk(3, -1))
        att = q @ k.transpose(-2, -1) / math.sqrt(d // self.h)
        att = att.masked_fill(self.mask[:t, :t], float("-inf"))  # coach-line: nan-origin
        att = att.softmax(-1)  # coach-line: nan-origin
        return self.proj((att @ v).transpose(1, 2).reshape(b, t, d))

class LM(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok, self.pos = nn.Embedding(V, D), nn.Embedding(T, D)
        self.ln, self.attn = nn.LayerNorm(D), CausalSelfAttention(D)
        self.head = nn.Linear(D, V)

    def forward(self, t):
        x = self.tok(t) + self.pos(torch.arange(t.shape[1]))
        return self.head(x + self.attn(self.ln(x)))

# %%
def batch(n):
    start, stride = torch.randint(0, V, (n, 1)), torch.randint(1, 4, (n, 1))
    s = (start + stride * torch.arange(T + 1)) % V
    return s[:, :-1], s[:, 1:]

lm = LM()
opt = torch.optim.AdamW(lm.parameters(), lr=3e-3)
for step in range(20):
    x, y = batch(32)
    loss = F.cross_entropy(lm(x).reshape(-1, V), y.reshape(-1))
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 5 == 0:
        print(step, loss.item())
# coach-also: loss-diverged
