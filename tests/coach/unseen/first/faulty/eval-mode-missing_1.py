import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
X = torch.randn(300, 10)
y = (X[:, 0] + X[:, 1] > 0).long()
train_dl = DataLoader(TensorDataset(X[:240], y[:240]), batch_size=40, shuffle=True)
val_dl = DataLoader(TensorDataset(X[240:], y[240:]), batch_size=30)
model = nn.Sequential(nn.Linear(10, 64), nn.ReLU(), nn.Dropout(0.3), nn.Linear(64, 2))
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(4):
    model.train()
    for xb, yb in train_dl:
        opt.zero_grad()
        loss = F.cross_entropy(model(xb), yb)
        loss.backward()
        opt.step()
    correct = 0
    with torch.no_grad():
        for xb, yb in val_dl:
            correct += (model(xb).argmax(1) == yb).sum().item()  # coach: eval-mode-missing; fix: model.eval()
    print(f"epoch {epoch} val acc {correct / 60:.3f}")
