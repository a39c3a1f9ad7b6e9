"""Evaluation in a function decorated with no_grad; the training mode is restored afterwards."""
import functools

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)


def evaluation(fn):
    @functools.wraps(fn)
    def wrapped(model, *args, **kwargs):
        mode = model.training
        model.eval()
        try:
            with torch.no_grad():
                return fn(model, *args, **kwargs)
        finally:
            model.train(mode)
    return wrapped


@evaluation
def evaluate(model, loader, criterion):
    loss_sum, right, n = 0.0, 0, 0
    for xb, yb in loader:
        out = model(xb)
        loss_sum += criterion(out, yb).item() * len(xb)
        right += (out.argmax(1) == yb).sum().item()
        n += len(xb)
    return loss_sum / n, right / n


x = torch.randn(360, 6)
y = (x[:, 0] > 0).long() * 2 + (x[:, 1] > 0).long()
train = DataLoader(TensorDataset(x[:280], y[:280]), batch_size=40, shuffle=True)
val = DataLoader(TensorDataset(x[280:], y[280:]), batch_size=80)

model = nn.Sequential(nn.Linear(6, 32, bias=False), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 4))
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
criterion = nn.CrossEntropyLoss()
for epoch in range(6):
    for xb, yb in train:
        opt.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        opt.step()
    val_loss, acc = evaluate(model, val, criterion)
    print(f"{epoch} train {loss.item():.4f} val {val_loss:.4f} acc {acc:.3f} training={model.training}")
