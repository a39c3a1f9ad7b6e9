"""Transformer encoder with sinusoidal positions (Vaswani et al.), sequence-sorting parity toy."""
import numpy as np
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(1)
V, T, D = 12, 9, 32


def sinusoid(n, d):
    pos = np.arange(n)[:, None]
    i = np.arange(d)[None, :]
    ang = pos / np.power(10000, 2 * (i // 2) / d)
    ang[:, 0::2] = np.sin(ang[:, 0::2])
    ang[:, 1::2] = np.cos(ang[:, 1::2])
    return ang


class Enc(nn.Module):
    def __init__(self):
        super().__init__()
        self.tok = nn.Embedding(V, D)
        self.register_buffer("pe", torch.from_numpy(sinusoid(T, D)))  # coach: dtype-creep; fix: .float()
        self.qkv = nn.Linear(D, 3 * D)
        self.norm = nn.LayerNorm(D)
        self.head = nn.Linear(D, 2)

    def forward(self, t):
        x = self.tok(t) + self.pe  # coach-line: dtype-creep
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        x = self.norm(x + F.scaled_dot_product_attention(q, k, v))
        return self.head(x.mean(1))


seqs = torch.randint(0, V, (512, T))
half = ((seqs < V // 2).sum(1) > T // 2).long()
model = Enc()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
for ep in range(4):
    for b in torch.randperm(512).split(64):
        loss = F.cross_entropy(model(seqs[b]), half[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(ep, loss.item())
