import copy

import gradbook as torch
from gradbook import nn
from gradbook.optim.lr_scheduler import ReduceLROnPlateau
from gradbook.utils.data import DataLoader, TensorDataset


class EarlyStopping:
    def __init__(self, patience):
        self.patience, self.best, self.bad, self.weights = patience, float("inf"), 0, None

    def update(self, value, model):
        if value < self.best - 1e-4:
            self.best, self.bad = value, 0
            self.weights = copy.deepcopy(model.state_dict())
        else:
            self.bad += 1
        return self.bad >= self.patience


torch.manual_seed(18)
w = torch.randn(15)
x = torch.randn(900, 15)
y = (x @ w / w.norm() + 0.5 * torch.randn(900) > 0).float()
train = DataLoader(TensorDataset(x[:600], y[:600]), batch_size=50, shuffle=True)
val = DataLoader(TensorDataset(x[600:750], y[600:750]), batch_size=150)
test_x, test_y = x[750:], y[750:]

model = nn.Sequential(nn.Linear(15, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 1))
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-2)
scheduler = ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
criterion = nn.BCEWithLogitsLoss()
stopper = EarlyStopping(patience=4)

for epoch in range(60):
    model.train()
    train_loss = 0.0
    for xb, yb in train:
        optimizer.zero_grad()
        loss = criterion(model(xb).squeeze(1), yb)
        loss.backward()
        optimizer.step()
        train_loss += loss.item() * len(yb) / 600
    model.eval()
    with torch.no_grad():
        val_loss = sum(criterion(model(xb).squeeze(1), yb).item() * len(yb) for xb, yb in val) / 150
    scheduler.step(val_loss)
    print(f"{epoch:2d} train {train_loss:.3f} val {val_loss:.3f} lr {optimizer.param_groups[0]['lr']:.5f}")
    if stopper.update(val_loss, model):
        print("no progress, stopping")
        break

model.load_state_dict(stopper.weights)
model.eval()
with torch.no_grad():
    acc = ((model(test_x).squeeze(1) > 0) == (test_y > 0.5)).float().mean().item()
print(f"test accuracy {acc:.3f}")
