import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset, random_split

X = torch.randn(96, 10)
y = (X[:, 0] * X[:, 1] > 0).long()
train_set, val_set = random_split(TensorDataset(X, y), [64, 32])
train_loader = DataLoader(train_set, batch_size=16, shuffle=True)
val_loader = DataLoader(val_set, batch_size=16)

model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Dropout(0.4), nn.Linear(32, 2))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

for epoch in range(3):
    model.train()
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()

    val_loss, correct = 0.0, 0
    with torch.no_grad():
        for xb, yb in val_loader:
            out = model(xb)  # coach: eval-mode-missing; fix: model.eval()
            val_loss += criterion(out, yb).item()
            correct += (out.argmax(1) == yb).sum().item()
    print(f"epoch {epoch}: {val_loss / len(val_loader):.3f} {correct / 32:.2f}")
