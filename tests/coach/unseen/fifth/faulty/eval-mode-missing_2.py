import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(31)


class Block(nn.Module):
    def __init__(self, d, heads, p):
        super().__init__()
        self.attn = nn.MultiheadAttention(d, heads, dropout=p, batch_first=True)
        self.n1, self.n2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.ff = nn.Sequential(nn.Linear(d, 2 * d), nn.GELU(), nn.Dropout(p), nn.Linear(2 * d, d))

    def forward(self, x):
        q = self.n1(x)
        x = x + self.attn(q, q, q, need_weights=False)[0]
        return x + self.ff(self.n2(x))


class TinyViT(nn.Module):
    def __init__(self, d=16, n_cls=3):
        super().__init__()
        self.patch = nn.Linear(4, d)
        self.pos = nn.Parameter(0.02 * torch.randn(1, 6, d))
        self.blocks = nn.Sequential(Block(d, 2, 0.1), Block(d, 2, 0.1))
        self.head = nn.Linear(d, n_cls)

    def forward(self, x):
        return self.head(self.blocks(self.patch(x) + self.pos).mean(1))


x = torch.randn(360, 6, 4)
y = (x.mean(1) @ torch.randn(4, 3)).argmax(1)
train = DataLoader(TensorDataset(x[:280], y[:280]), batch_size=28, shuffle=True)
valid = DataLoader(TensorDataset(x[280:], y[280:]), batch_size=40)
vit = TinyViT()
opt = torch.optim.AdamW(vit.parameters(), lr=3e-3)

for epoch in range(4):
    vit.train()
    for xb, yb in train:
        opt.zero_grad()
        F.cross_entropy(vit(xb), yb).backward()
        opt.step()
    hits = 0
    with torch.no_grad():  # coach: eval-mode-missing; fix: vit.eval()
        for xb, yb in valid:
            hits += (vit(xb).argmax(1) == yb).sum().item()  # coach-line: eval-mode-missing
    print(epoch, hits / 80)
