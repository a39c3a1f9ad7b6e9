import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

X = torch.randn(60, 8)
y = (X.sum(1) > 0).long()
train_loader = DataLoader(TensorDataset(X[:40], y[:40]), batch_size=10, shuffle=True)
val_loader = DataLoader(TensorDataset(X[40:], y[40:]), batch_size=10)
model = nn.Sequential(nn.Linear(8, 20), nn.ReLU(), nn.Dropout(0.5), nn.Linear(20, 2))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters())


def validate():
    model.eval()  # coach: train-mode-not-restored; fix: model.train()
    correct = 0
    with torch.no_grad():
        for xb, yb in val_loader:
            correct += (model(xb).argmax(1) == yb).sum().item()
    return correct / 20


for epoch in range(4):
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
    print(epoch, validate())
