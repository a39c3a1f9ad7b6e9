import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(5)
ACCUM = 4


class TopKMoE(nn.Module):
    def __init__(self, d=8, h=16, c=3, n=4, k=2):
        super().__init__()
        self.k = k
        self.gate = nn.Linear(d, n)
        self.experts = nn.ModuleList(nn.Sequential(nn.Linear(d, h), nn.ReLU(), nn.Linear(h, c)) for _ in range(n))

    def forward(self, x):
        score = self.gate(x)
        top, idx = score.topk(self.k, dim=1)
        keep = torch.zeros_like(score).scatter(1, idx, 1.0)
        w = F.softmax(score.masked_fill(keep == 0, float("-inf")), dim=1)
        outs = torch.stack([e(x) for e in self.experts], dim=1)
        prob = F.softmax(score, dim=1).mean(0)
        aux = (prob * keep.mean(0)).sum() * score.shape[1] / self.k
        return (outs * w.unsqueeze(-1)).sum(1), aux


x = torch.randn(384, 8)
y = (x @ torch.randn(8, 3)).argmax(1)
loader = DataLoader(TensorDataset(x, y), batch_size=16, shuffle=True)
moe = TopKMoE()
opt = torch.optim.AdamW(moe.parameters(), lr=5e-3)
for epoch in range(5):
    opt.zero_grad()
    total = 0.0
    for i, (xb, yb) in enumerate(loader, 1):
        logits, aux = moe(xb)
        loss = F.cross_entropy(logits, yb) + 0.01 * aux
        (loss / ACCUM).backward()
        total += loss.item()
        if i % ACCUM == 0:
            opt.step()
            opt.zero_grad()
    print(epoch, total / len(loader))
