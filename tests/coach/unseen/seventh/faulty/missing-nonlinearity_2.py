import itertools

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


def mlp(widths, dropout):
    layers = []
    for a, b in zip(widths[:-2], widths[1:-1]):
        layers += [nn.Linear(a, b), nn.Dropout(dropout)]  # coach: missing-nonlinearity; fix: nn.ReLU()
    layers.append(nn.Linear(widths[-2], widths[-1]))
    return nn.Sequential(*layers)


def rings(n):
    radius = torch.where(torch.rand(n) < 0.5, torch.tensor(0.6), torch.tensor(1.6))
    angle = 6.2832 * torch.rand(n)
    pts = torch.stack([radius * torch.cos(angle), radius * torch.sin(angle)], 1) + 0.1 * torch.randn(n, 2)
    return pts, (radius > 1.0).float()


def run(depth, lr, train_loader, val_loader):
    model = mlp([2] + [32] * depth + [1], dropout=0.05)
    opt = torch.optim.Adam(model.parameters(), lr=lr)
    criterion = nn.BCEWithLogitsLoss()
    for _ in range(5):  # coach-also: loss-plateau
        model.train()
        for x, y in train_loader:
            loss = criterion(model(x).squeeze(1), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
    model.eval()
    with torch.no_grad():
        hits = sum(((model(x).squeeze(1) > 0) == (y > 0.5)).sum().item() for x, y in val_loader)
    return {"loss": round(loss.item(), 4), "acc": hits / len(val_loader.dataset)}


torch.manual_seed(33)
train_loader = DataLoader(TensorDataset(*rings(640)), batch_size=64, shuffle=True)
val_loader = DataLoader(TensorDataset(*rings(160)), batch_size=80)
for depth, lr in itertools.product([2, 3], [1e-3, 5e-3]):
    print({"depth": depth, "lr": lr, **run(depth, lr, train_loader, val_loader)})
