import copy
from typing import NamedTuple

import gradbook as torch
from gradbook import nn
from gradbook.optim.lr_scheduler import ReduceLROnPlateau
from gradbook.utils.data import DataLoader, Subset, TensorDataset


class CVConfig(NamedTuple):
    folds: int = 3
    max_epochs: int = 12
    patience: int = 3
    lr: float = 5e-3


class EarlyStopping:
    def __init__(self, patience):
        self.patience, self.best, self.bad, self.state = patience, float("inf"), 0, None

    def __call__(self, value, model):
        if value < self.best:
            self.best, self.bad = value, 0
            self.state = copy.deepcopy(model.state_dict())
        else:
            self.bad += 1
        return self.bad >= self.patience


def kfold(n, k):
    order = torch.randperm(n).tolist()
    for i in range(k):
        yield [j for pos, j in enumerate(order) if pos % k != i], order[i::k]


def evaluate(model, loader, criterion):
    model.eval()
    with torch.no_grad():
        return sum(criterion(model(x), y).item() * len(y) for x, y in loader) / len(loader.dataset)


def run_fold(cfg, train_set, val_set):
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=cfg.lr)
    scheduler = ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    criterion, stopper = nn.MSELoss(), EarlyStopping(cfg.patience)
    train_loader = DataLoader(train_set, batch_size=30, shuffle=True)
    val_loader = DataLoader(val_set, batch_size=64)
    for epoch in range(cfg.max_epochs):
        model.train()
        for x, y in train_loader:
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()
        val = evaluate(model, val_loader, criterion)
        scheduler.step(val)
        if stopper(val, model):
            break
    model.load_state_dict(stopper.state)
    return evaluate(model, val_loader, criterion), epoch + 1


cfg = CVConfig()
torch.manual_seed(12)
x = torch.randn(360, 8)
y = torch.relu(x[:, :1]) - 0.5 * x[:, 1:2] + 0.2 * torch.randn(360, 1)
data = TensorDataset(x, (y - y.mean()) / y.std())
for fold, (tr, va) in enumerate(kfold(len(data), cfg.folds)):
    score, epochs = run_fold(cfg, Subset(data, tr), Subset(data, va))
    print(f"fold {fold} mse {score:.4f} after {epochs} epochs")
