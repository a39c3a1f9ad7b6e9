from dataclasses import dataclass
from itertools import product

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


@dataclass(frozen=True)
class Trial:
    width: int
    lr: float


def folds(n, k):
    parts = torch.randperm(n).chunk(k)
    for i in range(k):
        yield torch.cat(parts[:i] + parts[i + 1:]), parts[i]


def standardise(train, other):
    mean, std = train.mean(0), train.std(0)
    return (train - mean) / std, (other - mean) / std


def run_fold(trial, x, y, train_idx, val_idx):
    x_train, x_val = standardise(x[train_idx], x[val_idx])
    loader = DataLoader(TensorDataset(x_train, y[train_idx]), batch_size=40, shuffle=True)
    model = nn.Sequential(nn.Linear(x.shape[1], trial.width), nn.ReLU(), nn.Linear(trial.width, 1))
    opt = torch.optim.Adam(model.parameters(), lr=trial.lr)
    for _ in range(6):
        for xb, yb in loader:
            loss = F.mse_loss(model(xb), yb)
            opt.zero_grad()
            loss.backward()
            opt.step()
    model.eval()
    with torch.no_grad():
        return F.mse_loss(model(x_val), y[val_idx]).item()


torch.manual_seed(31)
x = 50.0 + 12.0 * torch.randn(480, 6)
z = (x - 50.0) / 12.0
y = (z[:, :1] - 0.5 * z[:, 1:2] + 0.3 * z[:, 2:3] ** 2 + 0.1 * torch.randn(480, 1))
y = (y - y.mean()) / y.std()

results = {}
for width, lr in product([16, 48], [3e-3, 1e-2]):
    trial = Trial(width, lr)
    scores = [run_fold(trial, x, y, tr, va) for tr, va in folds(len(x), 3)]
    results[trial] = sum(scores) / len(scores)
    print(trial, round(results[trial], 4))
print("best", min(results, key=results.get))
