import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class FeatureGate(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.score = nn.Linear(d, d)

    def forward(self, x):
        weights = torch.softmax(self.score(x), dim=0)  # coach: batch-leak; fix: dim=1
        return x * weights * x.shape[1]


class GatedRanker(nn.Module):
    def __init__(self, d, h):
        super().__init__()
        self.gate = FeatureGate(d)
        self.mlp = nn.Sequential(nn.Linear(d, h), nn.ReLU(), nn.Linear(h, 1))

    def forward(self, x):
        return self.mlp(self.gate(x)).squeeze(1)


torch.manual_seed(71)
X = torch.randn(1000, 12)
click = (X[:, 0] + X[:, 3] - X[:, 5] + 0.3 * torch.randn(1000) > 0).float()
tr = DataLoader(TensorDataset(X[:800], click[:800]), batch_size=32, shuffle=True)
va = DataLoader(TensorDataset(X[800:], click[800:]), batch_size=32)
model = GatedRanker(12, 32)
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
bce = nn.BCEWithLogitsLoss()
for epoch in range(6):
    model.train()
    for xb, yb in tr:
        opt.zero_grad()
        loss = bce(model(xb), yb)
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        hits = sum(((model(xb) > 0).float() == yb).sum().item() for xb, yb in va)
    print(epoch, round(loss.item(), 4), hits / 200)
