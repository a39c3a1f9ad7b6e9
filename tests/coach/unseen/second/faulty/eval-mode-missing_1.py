import gradbook as torch
from gradbook import nn, optim
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X = torch.randn(400, 12)
y = (X[:, 0] + 0.5 * X[:, 1] - X[:, 2] > 0).long()
train_loader = DataLoader(TensorDataset(X[:320], y[:320]), batch_size=32, shuffle=True)
val_loader = DataLoader(TensorDataset(X[320:], y[320:]), batch_size=40)

model = nn.Sequential(
    nn.Linear(12, 64),
    nn.ReLU(),
    nn.Dropout(0.5),
    nn.Linear(64, 2),
)
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=0.003)

for epoch in range(4):
    model.train()
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()

    correct = 0
    with torch.no_grad():
        for xb, yb in val_loader:
            outputs = model(xb)  # coach: eval-mode-missing; fix: model.eval()
            correct += (outputs.argmax(1) == yb).sum().item()
    print(f"Epoch {epoch}: val acc {correct / 80:.3f}")
