import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(74)
# polynomial features of degree 9 with a large net on few points
def features(x): return torch.cat([x ** k for k in range(1, 10)], 1)
xs = torch.rand(60, 1) * 2 - 1
ys = torch.sin(3 * xs) + 0.6 * torch.randn(60, 1)
P = features(xs)
P = (P - P[:20].mean(0)) / P[:20].std(0)
train_dl = DataLoader(TensorDataset(P[:20], ys[:20]), batch_size=10, shuffle=True)
val_dl = DataLoader(TensorDataset(P[20:], ys[20:]), batch_size=20)
model = nn.Sequential(nn.Linear(9, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 1))
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
tr_hist, va_hist = [], []
for epoch in range(70):  # coach: overfitting
    model.train()
    s = 0.0
    for a, b in train_dl:
        opt.zero_grad()
        loss = F.mse_loss(model(a), b)
        loss.backward()
        opt.step()
        s += loss.item()
    model.eval()
    with torch.no_grad():
        v = sum(F.mse_loss(model(a), b).item() for a, b in val_dl) / len(val_dl)
    tr_hist.append(s / len(train_dl)); va_hist.append(v)
print(tr_hist[0], tr_hist[-1], "|", min(va_hist), va_hist[-1])
