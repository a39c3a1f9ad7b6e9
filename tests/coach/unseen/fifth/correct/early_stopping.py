import copy
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class EarlyStopping:
    def __init__(self, patience):
        self.patience, self.best, self.bad, self.state = patience, float("inf"), 0, None

    def __call__(self, value, model):
        if value < self.best - 1e-4:
            self.best, self.bad = value, 0
            self.state = copy.deepcopy(model.state_dict())
        else:
            self.bad += 1
        return self.bad >= self.patience


torch.manual_seed(16)
w = torch.randn(12)
X = torch.randn(900, 12)
y = ((X @ w) / w.norm() + 0.4 * torch.randn(900) > 0).long()
tr = DataLoader(TensorDataset(X[:600], y[:600]), batch_size=40, shuffle=True)
model = nn.Sequential(nn.Linear(12, 24), nn.ReLU(), nn.Dropout(0.2), nn.Linear(24, 2))
opt = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-2)
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, factor=0.5, patience=2)
ce = nn.CrossEntropyLoss()
stopper = EarlyStopping(patience=4)
for epoch in range(30):
    model.train()
    for xb, yb in tr:
        opt.zero_grad()
        loss = ce(model(xb), yb)
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        val = ce(model(X[600:]), y[600:]).item()
    plateau.step(val)
    if stopper(val, model):
        print("stopped at", epoch)
        break
model.load_state_dict(stopper.state)
print("best val", stopper.best)
