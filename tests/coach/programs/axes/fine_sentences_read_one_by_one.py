"""Samples are taken out of a batch one after the other, and beams are kept beside each other."""

import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

rnn, head = nn.GRU(4, 6, batch_first=True), nn.Linear(6, 2)
opt = torch.optim.Adam([*rnn.parameters(), *head.parameters()], lr=1e-3)
x, lengths, y = torch.randn(5, 8, 4), [3, 8, 5, 6, 8], torch.randint(0, 2, (5,))
for _ in range(4):
    states, _ = rnn(x)
    logits = torch.stack([head(states[i, : lengths[i]].mean(dim=0)) for i in range(5)])
    loss = F.cross_entropy(logits, y)
    opt.zero_grad()
    loss.backward()
    opt.step()

with torch.no_grad():
    beams, scores = torch.zeros(3, 1, dtype=torch.long), torch.zeros(3)
    cell, emb, out = nn.GRUCell(4, 6), nn.Embedding(9, 4), nn.Linear(6, 9)
    h = torch.zeros(3, 6)
    for _ in range(4):
        h = cell(emb(beams[:, -1]), h)
        total = (scores[:, None] + out(h).log_softmax(dim=-1)).view(-1)
        scores, best = total.topk(3)
        rows, words = best // 9, best % 9
        beams, h = torch.cat([beams[rows], words[:, None]], dim=1), h[rows]
