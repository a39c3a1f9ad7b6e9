from collections import OrderedDict

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


def dense(i, o, p):
    return nn.Sequential(OrderedDict([
        ("fc", nn.Linear(i, o, bias=False)),
        ("drop", nn.Dropout(p)),  # coach: dropout-before-batchnorm
        ("bn", nn.BatchNorm1d(o)),  # coach-line: dropout-before-batchnorm
        ("act", nn.ReLU()),
    ]))


def build(widths, classes, p=0.3):
    blocks = [dense(a, b, p) for a, b in zip(widths, widths[1:])]
    return nn.Sequential(*blocks, nn.Linear(widths[-1], classes))


class EarlyStopping:
    def __init__(self, patience):
        self.patience, self.best, self.bad = patience, float("inf"), 0

    def __call__(self, value):
        self.bad = 0 if value < self.best else self.bad + 1
        self.best = min(self.best, value)
        return self.bad >= self.patience


torch.manual_seed(4)
x = torch.randn(1280, 20)
y = (x @ torch.randn(20, 5) + 0.3 * torch.randn(1280, 5)).argmax(1)
train_loader = DataLoader(TensorDataset(x[:1024], y[:1024]), batch_size=64, shuffle=True)
val_loader = DataLoader(TensorDataset(x[1024:], y[1024:]), batch_size=64)

model = build([20, 64, 48], classes=5)
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
stop = EarlyStopping(patience=3)

for epoch in range(8):
    model.train()
    for xb, yb in train_loader:
        loss = F.cross_entropy(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        val = sum(F.cross_entropy(model(xb), yb).item() for xb, yb in val_loader) / len(val_loader)
    print(epoch, round(loss.item(), 3), round(val, 3))
    if stop(val):
        break
