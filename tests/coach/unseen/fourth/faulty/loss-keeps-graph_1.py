import numpy as np
import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import Dataset, DataLoader

SEED, EPOCHS, BS = 2024, 5, 32
torch.manual_seed(SEED)


class ChurnDataset(Dataset):
    def __init__(self, X, y):
        self.X = X.astype("float32")
        self.y = y.astype("float32")

    def __len__(self):
        return len(self.X)

    def __getitem__(self, idx):
        return torch.tensor(self.X[idx]), torch.tensor(self.y[idx])


rng = np.random.default_rng(SEED)
X = rng.normal(size=(600, 8))
y = (X[:, 0] - 1.5 * X[:, 3] + 0.8 * X[:, 1] * X[:, 2] + rng.normal(0, 0.3, 600) > 0)
train_loader = DataLoader(ChurnDataset(X[:448], y[:448]), batch_size=BS, shuffle=True)
valid_loader = DataLoader(ChurnDataset(X[448:], y[448:]), batch_size=152)


class Net(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.l1 = nn.Linear(8, hidden)
        self.l2 = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        x = torch.relu(self.l1(x))
        x = torch.relu(self.l2(x))
        return self.out(x).squeeze(1)


model = Net()
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
history = {"train": [], "valid": []}

for epoch in range(EPOCHS):
    model.train()
    train_loss = 0
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()  # coach-also: memory-growth
        train_loss += loss * len(xb)  # coach: loss-keeps-graph; fix: loss.item()
    history["train"].append(train_loss / len(train_loader.dataset))

    model.eval()
    valid_loss = 0
    with torch.no_grad():
        for xb, yb in valid_loader:
            valid_loss += criterion(model(xb), yb).item() * len(xb)
    history["valid"].append(valid_loss / len(valid_loader.dataset))
    print(f"[{epoch + 1}/{EPOCHS}] train {float(history['train'][-1]):.4f} | valid {history['valid'][-1]:.4f}")
