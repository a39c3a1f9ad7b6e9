"""Transformer-XL-like memory: the hidden states of the segment before are attended with their graph."""

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Segment(nn.Module):
    def __init__(self, vocab=15, d=16):
        super().__init__()
        self.emb = nn.Embedding(vocab, d)
        self.q, self.k, self.v = nn.Linear(d, d), nn.Linear(d, d), nn.Linear(d, d)
        self.out = nn.Linear(d, vocab)

    def forward(self, ids, memory=None):
        h = self.emb(ids)
        context = h if memory is None else torch.cat([memory, h], dim=1)
        att = torch.softmax(self.q(h) @ self.k(context).transpose(1, 2) / 4, dim=-1)
        h = torch.tanh(h + att @ self.v(context))
        return self.out(h), h


model = Segment()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
mems = None
for seg in torch.randint(0, 15, (5, 4, 7)):
    logits, mems = model(seg[:, :-1], mems)  # coach: backward-twice; fix: mems = mems.detach()
    loss = F.cross_entropy(logits.flatten(0, 1), seg[:, 1:].flatten())
    opt.zero_grad()
    loss.backward()
    opt.step()
