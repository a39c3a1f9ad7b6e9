import gradbook as torch
from gradbook import nn
from gradbook.utils.data import TensorDataset, DataLoader

torch.manual_seed(7)

# --- data: will the student pass? (9 standardised features) ---
X = torch.randn(700, 9)
logit = 1.5 * X[:, 0] - X[:, 1] * X[:, 2] + X[:, 5]
y = (logit > logit.median()).float()
train_loader = DataLoader(TensorDataset(X[:500], y[:500]), batch_size=50, shuffle=True)
val_loader = DataLoader(TensorDataset(X[500:], y[500:]), batch_size=100)


# --- model ---
class PassNet(nn.Module):
    def __init__(self, dropout=0.4):
        super().__init__()
        self.fc1 = nn.Linear(9, 64)
        self.fc2 = nn.Linear(64, 32)
        self.fc3 = nn.Linear(32, 1)
        self.drop = nn.Dropout(dropout)

    def forward(self, x):
        x = self.drop(torch.relu(self.fc1(x)))
        x = self.drop(torch.relu(self.fc2(x)))
        return self.fc3(x).squeeze(1)


model = PassNet()
loss_fn = nn.BCEWithLogitsLoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)

# --- training ---
for epoch in range(6):  # coach-line: train-mode-not-restored
    train_loss = 0.0
    for xb, yb in train_loader:  # coach-line: train-mode-not-restored
        optimizer.zero_grad()
        loss = loss_fn(model(xb), yb)
        loss.backward()
        optimizer.step()
        train_loss += loss.item()

    model.eval()  # coach: train-mode-not-restored; fix: model.train()
    val_loss, hits = 0.0, 0
    with torch.no_grad():
        for xb, yb in val_loader:
            out = model(xb)
            val_loss += loss_fn(out, yb).item()
            hits += ((out > 0).float() == yb).sum().item()

    print(f"{epoch}: train {train_loss / len(train_loader):.3f} "
          f"val {val_loss / len(val_loader):.3f} acc {hits / 200:.3f}")
