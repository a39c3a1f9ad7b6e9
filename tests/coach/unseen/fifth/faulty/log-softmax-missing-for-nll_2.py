import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(2)
V, L = 12, 8


class CharGPT(nn.Module):
    def __init__(self, d=24):
        super().__init__()
        self.tok, self.pos = nn.Embedding(V, d), nn.Embedding(L, d)
        self.qkv, self.o = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.ln1, self.ln2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.mlp = nn.Sequential(nn.Linear(d, 4 * d), nn.GELU(), nn.Linear(4 * d, d))
        self.lm = nn.Linear(d, V)
        self.register_buffer("mask", torch.tril(torch.ones(L, L)) == 0)

    def forward(self, ids):
        x = self.tok(ids) + self.pos(torch.arange(ids.shape[1]))
        q, k, v = self.qkv(self.ln1(x)).chunk(3, dim=-1)
        att = (q @ k.transpose(-2, -1)) / q.shape[-1] ** 0.5
        att = att.masked_fill(self.mask, float("-inf")).softmax(-1)
        x = x + self.o(att @ v)
        x = x + self.mlp(self.ln2(x))
        return F.softmax(self.lm(x), dim=-1)  # coach: log-softmax-missing-for-nll; fix: log_softmax


def batch(n=32):
    start, stride = torch.randint(0, V, (n, 1)), torch.randint(1, 4, (n, 1))
    seq = (start + stride * torch.arange(L + 1)) % V
    return seq[:, :-1], seq[:, 1:]


gpt = CharGPT()
opt = torch.optim.AdamW(gpt.parameters(), lr=3e-3)
for step in range(40):
    inp, tgt = batch()
    p = gpt(inp)
    loss = F.nll_loss(p.reshape(-1, V), tgt.reshape(-1))  # coach-line: log-softmax-missing-for-nll
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 10 == 0:
        print(step, loss.item())
