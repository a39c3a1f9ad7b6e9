import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(5)
X = torch.randn(700, 12)
y = (X[:, :4].sum(1) + 0.5 * X[:, 5] ** 2 - 0.5).unsqueeze(1)
y = (y - y.mean()) / y.std()
train_X, train_y = X[:500], y[:500]
val_X, val_y = X[500:], y[500:]
train_loader = DataLoader(TensorDataset(train_X, train_y), batch_size=50, shuffle=True)
val_loader = DataLoader(TensorDataset(val_X, val_y), batch_size=50)

model = nn.Sequential(nn.Linear(12, 40), nn.ReLU(), nn.Dropout(0.1), nn.Linear(40, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)


def train_one_epoch():
    model.train()
    total = 0.0
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(xb)
    return total / 500


def validate():
    model.eval()
    total = 0.0
    for xb, yb in val_loader:  # coach: no-grad-missing; fix: torch.no_grad()
        out = model(xb)  # coach-line: no-grad-missing
        total += criterion(out, yb).item() * len(xb)
    return total / 200


for e in range(6):
    tr = train_one_epoch()
    va = validate()
    print(f"{e:2d}  train {tr:.4f}  valid {va:.4f}")
