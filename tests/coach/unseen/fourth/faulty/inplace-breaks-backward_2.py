import math
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(27)


class Block(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.ln1, self.ln2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv = nn.Linear(d, 3 * d)
        self.out = nn.Linear(d, d)
        self.mlp = nn.Sequential(nn.Linear(d, 2 * d), nn.GELU(), nn.Linear(2 * d, d))

    def attend(self, x):
        b, t, d = x.shape
        q, k, v = (m.view(b, t, self.heads, -1).transpose(1, 2) for m in self.qkv(x).chunk(3, dim=-1))
        w = torch.softmax(q @ k.transpose(-2, -1) / math.sqrt(d // self.heads), dim=-1)
        return self.out((w @ v).transpose(1, 2).reshape(b, t, d))

    def forward(self, x):
        x = x + self.attend(self.ln1(x))
        x += self.mlp(self.ln2(x))  # coach: inplace-breaks-backward; fix: x = x + self.mlp
        return x


class Tiny(nn.Module):
    def __init__(self, vocab=12, d=16, length=8):
        super().__init__()
        self.tok = nn.Embedding(vocab, d)
        self.pos = nn.Parameter(torch.randn(length, d) * 0.02)
        self.blocks = nn.Sequential(Block(d, 2), Block(d, 2))
        self.head = nn.Linear(d, vocab)

    def forward(self, idx):
        return self.head(self.blocks(self.tok(idx) + self.pos))


model = Tiny()
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)
for step in range(20):
    seq = torch.randint(0, 12, (32, 8))
    loss = F.cross_entropy(model(seq).flatten(0, 1), seq.flip(1).flatten())
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 5 == 0:
        print(step, loss.item())
