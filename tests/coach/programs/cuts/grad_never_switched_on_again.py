import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

X = torch.randn(64, 5)
Y = (X[:, 0] > 0).long()
train_loader = DataLoader(TensorDataset(X[:48], Y[:48]), batch_size=12, shuffle=True)
val_loader = DataLoader(TensorDataset(X[48:], Y[48:]), batch_size=16)
model = nn.Sequential(nn.Linear(5, 10), nn.ReLU(), nn.Linear(10, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
criterion = nn.CrossEntropyLoss()


def evaluate():
    model.eval()
    torch.set_grad_enabled(False)  # coach: training-under-no-grad; fix: torch.set_grad_enabled(True)
    hits = 0
    for xb, yb in val_loader:
        hits += (model(xb).argmax(1) == yb).sum().item()
    model.train()
    return hits / 16


for epoch in range(3):
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
    print(epoch, evaluate())
torch.set_grad_enabled(True)
