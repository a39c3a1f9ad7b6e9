import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(90)


class SelfAttention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)
        self.scale = 1 // dim ** 0.5  # coach: degenerate-activation; fix: 1 /

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        scores = q @ k.transpose(1, 2) * self.scale
        return self.proj(scores.softmax(dim=-1) @ v)


class Encoder(nn.Module):
    def __init__(self, vocab, dim, classes):
        super().__init__()
        self.emb = nn.Embedding(vocab, dim)
        self.attn = SelfAttention(dim)
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, classes)

    def forward(self, ids):
        h = self.emb(ids)
        h = self.norm(h + self.attn(h))
        return self.head(h[:, 0])


ids = torch.randint(0, 12, (240, 6))
cls = (ids[:, 0] == ids[:, 3]).long() + (ids[:, 1] > 5).long()
model = Encoder(12, 16, 3)
opt = torch.optim.AdamW(model.parameters(), lr=3e-3)
for epoch in range(6):
    for b in torch.randperm(240).split(40):
        loss = F.cross_entropy(model(ids[b]), cls[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, loss.item())
# coach-also: loss-plateau, unused-parameters, vanishing-gradients
