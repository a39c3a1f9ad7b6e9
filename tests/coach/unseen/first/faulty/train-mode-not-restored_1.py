import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
x = torch.randn(320, 8)
y = (x[:, 0] * 2 + x[:, 1] > 0).float()
train_loader = DataLoader(TensorDataset(x[:256], y[:256]), batch_size=32, shuffle=True)
valid_loader = DataLoader(TensorDataset(x[256:], y[256:]), batch_size=32)
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(0.25), nn.Linear(32, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
criterion = nn.BCEWithLogitsLoss()
model.train()
for epoch in range(4):
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(xb).squeeze(1), yb)  # coach: train-mode-not-restored; fix: model.train()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        vl = [criterion(model(a).squeeze(1), b).item() for a, b in valid_loader]
    print(epoch, loss.item(), sum(vl) / len(vl))
