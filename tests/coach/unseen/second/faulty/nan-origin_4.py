import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

PAD = 0


class PooledAttention(nn.Module):
    def __init__(self, vocab=20, dim=16):
        super().__init__()
        self.emb = nn.Embedding(vocab, dim)
        self.query = nn.Parameter(torch.randn(dim) / dim ** 0.5)
        self.out = nn.Linear(dim, 2)

    def forward(self, ids):
        h = self.emb(ids)
        scores = h @ self.query
        weights = scores.masked_fill(ids == PAD, float("-inf")).softmax(dim=1)  # coach: nan-origin
        return self.out((weights.unsqueeze(-1) * h).sum(dim=1))


def make_reviews(n, max_len=8):
    lengths = torch.randint(0, max_len + 1, (n,))
    ids = torch.randint(1, 20, (n, max_len))
    ids[torch.arange(max_len).unsqueeze(0) >= lengths.unsqueeze(1)] = PAD
    return ids, (ids.sum(1) > 45).long()


torch.manual_seed(36)
ids, label = make_reviews(200)
model = PooledAttention()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(3):
    for b in torch.randperm(200).split(25):
        loss = F.cross_entropy(model(ids[b]), label[b])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
# coach-also: loss-diverged
