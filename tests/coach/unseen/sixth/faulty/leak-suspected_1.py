import copy

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Subset, TensorDataset

torch.manual_seed(1234)


def load_orders(n=360, d=20):
    feats = torch.randn(n, d)
    late = (feats[:, 0] + 0.5 * feats[:, 1] + 1.5 * torch.randn(n) > 0).long()
    return TensorDataset(feats, late)


def split(dataset, val_frac=0.25):
    n = len(dataset)
    n_val = int(n * val_frac)
    order = torch.randperm(n).tolist()
    val_idx = order[:n_val]
    train_idx = order[:n - n_val]  # coach: leak-suspected; fix: order[n_val:]
    return Subset(dataset, train_idx), Subset(dataset, val_idx)  # coach-line: leak-suspected


def train_one_epoch(net, loader, opt, ce):
    net.train()
    tot, ok, n = 0.0, 0, 0
    for xb, yb in loader:
        out = net(xb)
        loss = ce(out, yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot, ok, n = tot + loss.item() * len(yb), ok + (out.argmax(1) == yb).sum().item(), n + len(yb)
    return tot / n, ok / n


@torch.no_grad()
def validate(net, loader, ce):
    net.eval()
    tot, ok, n = 0.0, 0, 0
    for xb, yb in loader:
        out = net(xb)
        tot, ok, n = tot + ce(out, yb).item() * len(yb), ok + (out.argmax(1) == yb).sum().item(), n + len(yb)
    return tot / n, ok / n


train_set, val_set = split(load_orders())
train_loader = DataLoader(train_set, batch_size=30, shuffle=True)
val_loader = DataLoader(val_set, batch_size=90)
net = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
ce = nn.CrossEntropyLoss()
best, best_state = float("inf"), None
for epoch in range(30):
    tr = train_one_epoch(net, train_loader, opt, ce)
    va = validate(net, val_loader, ce)
    if va[0] < best:
        best, best_state = va[0], copy.deepcopy(net.state_dict())
    if epoch % 5 == 4:
        print(f"{epoch + 1}: train {tr[0]:.3f} ({tr[1]:.2f})  val {va[0]:.3f} ({va[1]:.2f})")
net.load_state_dict(best_state)
