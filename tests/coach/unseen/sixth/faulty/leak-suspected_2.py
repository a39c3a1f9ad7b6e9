# 4-fold CV on a small expression data set
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Subset, TensorDataset

torch.manual_seed(13)

N, G, K = 240, 20, 4
X = torch.randn(N, G)
score = X[:, 0] - X[:, 1] + 0.5 * X[:, 2] * X[:, 3] + 0.8 * torch.randn(N)
y = (score > 0).long()
data = TensorDataset(X, y)


class Clf(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(G, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))

    def forward(self, x):
        return self.net(x)


perm = torch.randperm(N).tolist()
folds = [perm[i::K] for i in range(K)]
criterion = nn.CrossEntropyLoss()

model = Clf()  # coach: leak-suspected; fix: Clf()
scores = []
for k in range(K):  # coach-line: leak-suspected
    val_idx = folds[k]
    train_idx = [i for j in range(K) if j != k for i in folds[j]]
    train_dl = DataLoader(Subset(data, train_idx), batch_size=20, shuffle=True)
    val_dl = DataLoader(Subset(data, val_idx), batch_size=60)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for epoch in range(6):
        model.train()
        for xb, yb in train_dl:
            optimizer.zero_grad()
            loss = criterion(model(xb), yb)
            loss.backward()
            optimizer.step()
    model.eval()
    ok = 0
    with torch.no_grad():
        for xb, yb in val_dl:
            ok += (model(xb).argmax(1) == yb).sum().item()
    scores.append(ok / len(val_idx))
    print(f"fold {k}: train loss {loss.item():.3f}  val acc {scores[-1]:.3f}")
print("CV accuracy", sum(scores) / K)
