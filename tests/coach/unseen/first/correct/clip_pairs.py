import math

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F


class TwoTower(nn.Module):
    def __init__(self, d_img, vocab, dim=16):
        super().__init__()
        self.image = nn.Sequential(nn.Linear(d_img, 48), nn.GELU(), nn.Linear(48, dim))
        self.words = nn.EmbeddingBag(vocab, dim, mode="mean")
        self.text = nn.Linear(dim, dim)
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def forward(self, img, tokens):
        i = F.normalize(self.image(img), dim=-1)
        t = F.normalize(self.text(self.words(tokens)), dim=-1)
        return self.logit_scale.exp() * i @ t.T


torch.manual_seed(0)
V, N = 40, 160
captions = torch.stack([torch.randperm(V)[:4] for _ in range(N)])
looks = torch.randn(V, 20)
images = looks[captions].mean(1) + 0.05 * torch.randn(N, 20)

model = TwoTower(20, V)
opt = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=0.01)

for epoch in range(6):
    perm = torch.randperm(N)
    for s in range(0, N, 32):
        b = perm[s:s + 32]
        logits = model(images[b], captions[b])
        target = torch.arange(len(b))
        loss = (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2
        opt.zero_grad()
        loss.backward()
        opt.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, math.log(100))
    acc = (logits.argmax(1) == target).float().mean().item()
    print(f"epoch {epoch}: loss {loss.item():.3f} acc {acc:.2f}")
