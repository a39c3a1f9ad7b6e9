import random

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

random.seed(0)
torch.manual_seed(0)
topics = [["cat", "dog", "pet", "fur", "paw"], ["car", "road", "wheel", "fuel", "gear"], ["sun", "rain", "wind", "cloud", "storm"]]
sentences = [[random.choice(t) for _ in range(7)] for t in topics for _ in range(20)]
vocab = sorted({w for s in sentences for w in s})
ix = {w: i for i, w in enumerate(vocab)}

pairs = []
for s in sentences:
    for i, w in enumerate(s):
        for j in range(max(0, i - 2), min(len(s), i + 3)):
            if i != j:
                pairs.append((ix[w], ix[s[j]]))
random.shuffle(pairs)
pairs = torch.tensor(pairs)


class SkipGram(nn.Module):
    def __init__(self, v, d=10):
        super().__init__()
        self.center = nn.Embedding(v, d)
        self.context = nn.Embedding(v, d)
        nn.init.uniform_(self.center.weight, -0.5 / d, 0.5 / d)
        nn.init.uniform_(self.context.weight, -0.5 / d, 0.5 / d)

    def forward(self, c, o, neg):
        vc = self.center(c)
        pos = (vc * self.context(o)).sum(-1)
        bad = torch.einsum("bd,bkd->bk", vc, self.context(neg))
        return -(F.logsigmoid(pos) + F.logsigmoid(-bad).sum(1)).mean()


model = SkipGram(len(vocab))
opt = torch.optim.Adam(model.parameters(), lr=3e-2)
for epoch in range(4):
    total = 0.0
    batches = pairs.split(128)
    for b in batches:
        neg = torch.randint(0, len(vocab), (len(b), 4))
        loss = model(b[:, 0], b[:, 1], neg)
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
    print(epoch, total / len(batches))

with torch.no_grad():
    W = F.normalize(model.center.weight, dim=1)
    sims = W @ W[ix["cat"]]
    print("near cat:", [vocab[i] for i in sims.topk(4).indices.tolist()])
