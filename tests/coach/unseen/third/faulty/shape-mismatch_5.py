import math
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(0)


class SelfAttention(nn.Module):
    def __init__(self, dim, n_heads):
        super().__init__()
        assert dim % n_heads == 0
        self.n_heads, self.head_dim = n_heads, dim // n_heads
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x, mask):
        B, T, C = x.shape
        q, k, v = (t.view(B, T, self.n_heads, self.head_dim).transpose(1, 2) for t in self.qkv(x).chunk(3, dim=-1))
        scores = torch.matmul(q, k) / math.sqrt(self.head_dim)  # coach: shape-mismatch; fix: k.
        scores = scores.masked_fill(mask, float("-inf"))
        weights = F.softmax(scores, dim=-1)
        y = torch.matmul(weights, v).transpose(1, 2).contiguous().view(B, T, C)
        return self.proj(y)


class TinyGPT(nn.Module):
    def __init__(self, vocab=30, dim=32, n_heads=4, block=12):
        super().__init__()
        self.tok = nn.Embedding(vocab, dim)
        self.pos = nn.Parameter(torch.randn(1, block, dim) * 0.02)
        self.ln1, self.ln2, self.lnf = nn.LayerNorm(dim), nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attn = SelfAttention(dim, n_heads)
        self.mlp = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))
        self.head = nn.Linear(dim, vocab)
        self.register_buffer("mask", torch.triu(torch.ones(block, block), diagonal=1).bool())

    def forward(self, idx):
        x = self.tok(idx) + self.pos
        x = x + self.attn(self.ln1(x), self.mask)
        x = x + self.mlp(self.ln2(x))
        return self.head(self.lnf(x))


def get_batch(n=32, block=12, vocab=30):
    start = torch.randint(0, vocab, (n, 1))
    stride = torch.randint(1, 4, (n, 1))
    seq = (start + stride * torch.arange(block + 1)) % vocab
    return seq[:, :-1], seq[:, 1:]


gpt = TinyGPT()
opt = torch.optim.AdamW(gpt.parameters(), lr=3e-3)
for it in range(60):
    xb, yb = get_batch()
    logits = gpt(xb)
    loss = F.cross_entropy(logits.view(-1, 30), yb.reshape(-1))
    opt.zero_grad(set_to_none=True)
    loss.backward()
    opt.step()
    if it % 20 == 0:
        print(it, loss.item())
