import math
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR
from gradbook.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(113)
N, L, V, C, PAD, IGN = 448, 10, 12, 3, 0, -100
tok = torch.randint(1, V, (N, L))
tag = (tok.roll(1, 1) + (tok < 6).long()) % C
tag[:, 0] = IGN
pad = torch.arange(L) >= torch.randint(5, L + 1, (N, 1))
tok, tag = tok.masked_fill(pad, PAD), tag.masked_fill(pad, IGN)
tr, dv = random_split(TensorDataset(tok, tag), [384, 64])
tr, dv = DataLoader(tr, 32, shuffle=True), DataLoader(dv, 64)


class Block(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads, self.dk = heads, d // heads
        self.qkv, self.proj = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.n1, self.n2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.ff = nn.Sequential(nn.Linear(d, 2 * d), nn.GELU(), nn.Dropout(0.1), nn.Linear(2 * d, d))

    def forward(self, x, pad):
        B, T, d = x.shape
        q, k, v = self.qkv(self.n1(x)).view(B, T, 3, self.heads, self.dk).permute(2, 0, 3, 1, 4)
        s = q @ k.transpose(-2, -1) / math.sqrt(self.dk)
        s = s.masked_fill(pad[:, None, None], float("-inf"))
        x = x + self.proj((s.softmax(-1) @ v).transpose(1, 2).reshape(B, T, d))
        return x + self.ff(self.n2(x))


class Tagger(nn.Module):
    def __init__(self, d=32):
        super().__init__()
        self.tok, self.pos = nn.Embedding(V, d, padding_idx=PAD), nn.Embedding(L, d)
        self.blocks = nn.ModuleList([Block(d, 4) for _ in range(2)])
        self.out = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, C))

    def forward(self, t):
        h = self.tok(t) + self.pos(torch.arange(t.size(1)))
        for b in self.blocks:
            h = b(h, t == PAD)
        return self.out(h)


net, EPOCHS = Tagger(), 12
opt = torch.optim.AdamW(net.parameters(), lr=5e-3, weight_decay=0.01)
steps = EPOCHS * len(tr)
sched = SequentialLR(opt, [LinearLR(opt, 0.1, total_iters=16), CosineAnnealingLR(opt, steps - 16)], milestones=[16])
for ep in range(EPOCHS):
    net.train()
    for t, g in tr:
        loss = F.cross_entropy(net(t).transpose(1, 2), g, ignore_index=IGN)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        sched.step()
    net.eval()
    with torch.no_grad():
        ok = [(net(t).argmax(-1) == g)[g != IGN].float().mean().item() for t, g in dv]
    print(ep, "loss %.3f dev %.3f" % (loss.item(), sum(ok) / len(ok)))
