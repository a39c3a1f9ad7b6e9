from dataclasses import dataclass, replace

import gradbook as torch  # coach-line: unseeded
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


@dataclass(frozen=True)
class Config:
    seed: int = 1234  # coach-line: unseeded
    width: int = 32
    lr: float = 2e-3
    epochs: int = 4


def fit(cfg, train_loader, val_loader):
    model = nn.Sequential(nn.Linear(10, cfg.width), nn.ReLU(), nn.Linear(cfg.width, 3))  # coach-line: unseeded
    opt = torch.optim.Adam(model.parameters(), lr=cfg.lr)
    for _ in range(cfg.epochs):
        model.train()
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
    model.eval()
    with torch.no_grad():
        hits = sum((model(x).argmax(1) == y).sum().item() for x, y in val_loader)
    return {"loss": round(loss.item(), 4), "val_acc": hits / len(val_loader.dataset)}


base = Config()
x = torch.randn(800, 10)  # coach: unseeded; fix: torch.manual_seed(
y = (x @ torch.randn(10, 3) + 0.3 * torch.randn(800, 3)).argmax(1)
train_loader = DataLoader(TensorDataset(x[:640], y[:640]), batch_size=64, shuffle=True)
val_loader = DataLoader(TensorDataset(x[640:], y[640:]), batch_size=80)

for cfg in (base, replace(base, width=64), replace(base, lr=5e-3)):
    print(cfg, fit(cfg, train_loader, val_loader))
