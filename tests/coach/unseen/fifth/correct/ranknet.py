import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.utils.data import DataLoader, Dataset


class PairDataset(Dataset):
    """pairs of documents of one query; label: is the first one better?"""

    def __init__(self, queries, docs, dim):
        w = torch.randn(dim)
        self.x = torch.randn(queries, docs, dim)
        self.rel = self.x @ w + 0.2 * torch.randn(queries, docs)
        self.pairs = [(q, i, j) for q in range(queries) for i in range(docs) for j in range(i)]

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, k):
        q, i, j = self.pairs[k]
        return self.x[q, i], self.x[q, j], (self.rel[q, i] > self.rel[q, j]).float()


torch.manual_seed(26)
ds = PairDataset(queries=40, docs=6, dim=8)
loader = DataLoader(ds, batch_size=50, shuffle=True)
scorer = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.Adam(scorer.parameters(), lr=3e-3)
for epoch in range(8):
    good = 0
    for a, b, better in loader:
        margin = (scorer(a) - scorer(b)).squeeze(1)
        loss = F.binary_cross_entropy_with_logits(margin, better)
        opt.zero_grad()
        loss.backward()
        opt.step()
        good += ((margin > 0).float() == better).sum().item()
    print(f"epoch {epoch} loss {loss.item():.4f} pair accuracy {good / len(ds):.3f}")
