import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class FraudTask:
    def __init__(self, n=3000, rate=0.08):
        self.y = (torch.rand(n) < rate).float()
        x = torch.randn(n, 8)
        x[:, 0] += 1.8 * self.y
        x[:, 2] -= 1.5 * self.y
        self.x = (x - x.mean(0)) / x.std(0)

    def split(self, frac=0.8):
        k = int(frac * len(self.y))
        return (self.x[:k], self.y[:k]), (self.x[k:], self.y[k:])


torch.manual_seed(90)
(train_x, train_y), (val_x, val_y) = FraudTask().split()
pos_weight = (1 - train_y).sum() / train_y.sum()
criterion = nn.BCEWithLogitsLoss(pos_weight=pos_weight)
loader = DataLoader(TensorDataset(train_x, train_y), batch_size=100, shuffle=True)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(6):
    model.train()
    for xb, yb in loader:
        opt.zero_grad()
        loss = criterion(model(xb).squeeze(1), yb)
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        hit = (model(val_x).squeeze(1) > 0).float()
    tp = (hit * val_y).sum().item()
    print(f"{epoch} loss {loss.item():.4f} recall {tp / val_y.sum().item():.2f} precision {tp / max(hit.sum().item(), 1):.2f}")
