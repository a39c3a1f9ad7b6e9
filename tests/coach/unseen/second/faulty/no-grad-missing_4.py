import math

import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn


class Bigram(nn.Module):
    def __init__(self, vocab, dim=12):
        super().__init__()
        self.emb = nn.Embedding(vocab, dim)
        self.attn = nn.MultiheadAttention(dim, 2, batch_first=True)
        self.norm = nn.LayerNorm(dim)
        self.lm_head = nn.Linear(dim, vocab)

    def forward(self, idx, targets):
        T = idx.shape[1]
        mask = torch.triu(torch.ones(T, T), diagonal=1).bool()
        e = self.emb(idx)
        a, _ = self.attn(e, e, e, attn_mask=mask, need_weights=False)
        logits = self.lm_head(self.norm(e + a))
        return logits, F.cross_entropy(logits.flatten(0, 1), targets.flatten())


torch.manual_seed(1337)
V, block = 15, 8
stream = torch.cumsum(torch.randint(1, 4, (600,)), 0) % V
splits = {"train": stream[:500], "val": stream[500:]}


def get_batch(split, bs=16):
    d = splits[split]
    ix = torch.randint(0, len(d) - block - 1, (bs,)).tolist()
    return torch.stack([d[i:i + block] for i in ix]), torch.stack([d[i + 1:i + block + 1] for i in ix])


def estimate_loss(m, iters=4):
    m.eval()
    out = {}
    for split in ("train", "val"):
        acc = 0.0
        for _ in range(iters):
            _, loss = m(*get_batch(split))  # coach: no-grad-missing; fix: no_grad()
            acc += loss.item()
        out[split] = acc / iters
    m.train()
    return out


m = Bigram(V)
optimizer = torch.optim.AdamW(m.parameters(), lr=1e-2)
for it in range(31):
    if it % 10 == 0:
        r = estimate_loss(m)
        print(f"iter {it}: train {r['train']:.3f} val {r['val']:.3f} ppl {math.exp(r['val']):.2f}")
    _, loss = m(*get_batch("train"))
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
