import copy

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class EarlyStopper:
    def __init__(self, patience=3, min_delta=1e-3):
        self.patience, self.min_delta = patience, min_delta
        self.best, self.bad, self.state = float("inf"), 0, None

    def update(self, value, model):
        if value < self.best - self.min_delta:
            self.best, self.bad = value, 0
            self.state = copy.deepcopy(model.state_dict())
        else:
            self.bad += 1
        return self.bad >= self.patience


def evaluate(model, loader, crit):
    model.eval()
    total = 0.0
    with torch.no_grad():
        for x, y in loader:
            total += crit(model(x), y).item() * x.size(0)
    return total / len(loader.dataset)


torch.manual_seed(90)
rule = torch.randn(15)
x = torch.randn(260, 15)
y = ((x @ rule + 0.8 * torch.randn(260)) > 0).float()[:, None]
train_dl = DataLoader(TensorDataset(x[:180], y[:180]), batch_size=30, shuffle=True)
val_dl = DataLoader(TensorDataset(x[180:], y[180:]), batch_size=80)

model = nn.Sequential(nn.Linear(15, 16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 1))
crit = nn.BCEWithLogitsLoss()
opt = torch.optim.Adam(model.parameters(), lr=8e-3, weight_decay=1e-3)
stopper = EarlyStopper()

for epoch in range(25):
    model.train()
    for xb, yb in train_dl:
        opt.zero_grad()
        loss = crit(model(xb), yb)
        loss.backward()
        opt.step()
    val = evaluate(model, val_dl, crit)
    print(f"epoch {epoch} val {val:.4f}")
    if stopper.update(val, model):
        print("stop at", epoch)
        break

model.load_state_dict(stopper.state)
print("best", evaluate(model, val_dl, crit))
