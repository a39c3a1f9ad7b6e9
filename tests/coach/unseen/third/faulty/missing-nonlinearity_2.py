import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(13)


class FeedForward(nn.Module):
    def __init__(self, dim, mult=4, p=0.1):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(dim, dim * mult),  # coach: missing-nonlinearity; fix: LU()
            nn.Linear(dim * mult, dim),  # coach-line: missing-nonlinearity
            nn.Dropout(p),
        )

    def forward(self, x):
        return self.net(x)


class Layer(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.ln_a, self.ln_f = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attn = nn.MultiheadAttention(dim, heads, dropout=0.1, batch_first=True)
        self.ff = FeedForward(dim)

    def forward(self, x):
        n = self.ln_a(x)
        a, _ = self.attn(n, n, n, need_weights=False)
        x = x + a
        return x + self.ff(self.ln_f(x))


class SeriesTransformer(nn.Module):
    def __init__(self, channels=4, length=16, dim=32, depth=2):
        super().__init__()
        self.inp = nn.Linear(channels, dim)
        self.pos = nn.Parameter(0.02 * torch.randn(length, dim))
        self.layers = nn.ModuleList([Layer(dim, 4) for _ in range(depth)])
        self.head = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, 1))

    def forward(self, x):
        x = self.inp(x) + self.pos
        for layer in self.layers:
            x = layer(x)
        return self.head(x.mean(dim=1)).squeeze(-1)


X = torch.randn(480, 16, 4)
target = X[:, :, 0].abs().mean(1) - X[:, :, 1].clamp(min=0).mean(1) + 0.3 * X[:, :, 2].mean(1)
target = (target - target.mean()) / target.std()
train = DataLoader(TensorDataset(X[:400], target[:400]), batch_size=40, shuffle=True)
net = SeriesTransformer()
opt = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.01)

for epoch in range(6):
    net.train()
    for xb, yb in train:
        loss = F.mse_loss(net(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        print(epoch, "val mse", round(F.mse_loss(net(X[400:]), target[400:]).item(), 4))
