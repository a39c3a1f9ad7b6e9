import copy
from dataclasses import dataclass, field

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset, random_split


@dataclass
class EarlyStop:
    patience: int = 5
    best: float = float("inf")
    bad: int = 0
    state: dict = field(default_factory=dict)

    def update(self, value, model):
        if value < self.best - 1e-4:
            self.best, self.bad, self.state = value, 0, copy.deepcopy(model.state_dict())
        else:
            self.bad += 1
        return self.bad >= self.patience


def run_loader(model, loader, criterion, opt=None):
    model.train(opt is not None)
    total, n = 0.0, 0
    with torch.set_grad_enabled(opt is not None):
        for x, y in loader:
            loss = criterion(model(x), y)
            if opt is not None:
                opt.zero_grad()
                loss.backward()
                opt.step()
            total += loss.item() * len(x)
            n += len(x)
    return total / n


torch.manual_seed(16)
x = torch.randn(400, 6)
y = torch.sin(2 * x[:, :1]) + 0.4 * x[:, 1:2] * x[:, 2:3] + 0.2 * torch.randn(400, 1)
train_ds, val_ds, test_ds = random_split(TensorDataset(x, y), [260, 70, 70])
train_dl = DataLoader(train_ds, batch_size=26, shuffle=True)
val_dl, test_dl = DataLoader(val_ds, batch_size=70), DataLoader(test_ds, batch_size=70)
model = nn.Sequential(nn.Linear(6, 40), nn.SiLU(), nn.Linear(40, 40), nn.SiLU(), nn.Dropout(0.1), nn.Linear(40, 1))
opt = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=1e-2)
sched = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, mode="min", factor=0.5, patience=2)
stop, mse = EarlyStop(), nn.MSELoss()
for epoch in range(40):
    tr = run_loader(model, train_dl, mse, opt)
    va = run_loader(model, val_dl, mse)
    sched.step(va)
    if epoch % 4 == 0:
        print(f"epoch {epoch}: train {tr:.4f} val {va:.4f}")
    if stop.update(va, model):
        print("stopped at", epoch)
        break
model.load_state_dict(stop.state)
print("test", round(run_loader(model, test_dl, mse), 4))
