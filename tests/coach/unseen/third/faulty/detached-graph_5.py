"""Sequence to sequence: read digits, write them out in reverse."""
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(5)
BOS, SYMBOLS, LEN = 8, 9, 5


class Encoder(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.embed = nn.Embedding(SYMBOLS, hidden)
        self.lstm = nn.LSTM(hidden, hidden, batch_first=True)

    def forward(self, src):
        _, (h, c) = self.lstm(self.embed(src))
        return h.data, c.data  # coach: detached-graph; fix: return h, c


class Decoder(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.embed = nn.Embedding(SYMBOLS, hidden)
        self.lstm = nn.LSTM(hidden, hidden, batch_first=True)
        self.out = nn.Linear(hidden, SYMBOLS)

    def forward(self, prev, memory):
        y, memory = self.lstm(self.embed(prev), memory)
        return self.out(y), memory


def batch(n=32):
    src = torch.randint(0, BOS, (n, LEN))
    tgt = src.flip(1)
    prev = torch.cat([torch.full((n, 1), BOS), tgt[:, :-1]], dim=1)
    return src, prev, tgt


enc, dec = Encoder(32), Decoder(32)
params = list(enc.parameters()) + list(dec.parameters())  # coach-also: unused-parameters
opt = torch.optim.Adam(params, lr=5e-3)

for step in range(80):
    src, prev, tgt = batch()
    logits, _ = dec(prev, enc(src))
    loss = F.cross_entropy(logits.reshape(-1, SYMBOLS), tgt.reshape(-1))
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(params, 1.0)
    opt.step()
    if step % 20 == 0:
        print(step, f"{loss.item():.3f}")
