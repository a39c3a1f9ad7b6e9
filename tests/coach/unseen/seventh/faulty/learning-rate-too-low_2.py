from dataclasses import asdict, dataclass

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


@dataclass(frozen=True)
class TrainConfig:
    lr: float = 1e-6  # coach: learning-rate-too-low; fix: lr
    momentum: float = 0.9
    batch_size: int = 64
    epochs: int = 8
    hidden: int = 64
    seed: int = 2


class Regressor(nn.Module):
    def __init__(self, d, hidden):
        super().__init__()
        self.fc1 = nn.Linear(d, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        h = F.gelu(self.fc1(x))
        h = F.gelu(self.fc2(h))
        return self.out(h).squeeze(-1)


def make_split(n, w):
    x = torch.randn(n, 8)
    y = torch.sin(x @ w) + 0.5 * x[:, 0]
    return TensorDataset(x, (y - y.mean()) / y.std())


def train(cfg):
    torch.manual_seed(cfg.seed)
    w = torch.randn(8) * 0.5
    train_loader = DataLoader(make_split(1024, w), batch_size=cfg.batch_size, shuffle=True)
    val_loader = DataLoader(make_split(256, w), batch_size=cfg.batch_size)
    model = Regressor(8, cfg.hidden)
    opt = torch.optim.SGD(model.parameters(), lr=cfg.lr, momentum=cfg.momentum)  # coach-line: learning-rate-too-low
    print(asdict(cfg))
    for epoch in range(cfg.epochs):  # coach-also: loss-plateau
        model.train()
        total = 0.0
        for xb, yb in train_loader:  # coach-also: update-ratio-low
            loss = F.mse_loss(model(xb), yb)
            opt.zero_grad()
            loss.backward()
            opt.step()
            total += loss.item()
        model.eval()
        with torch.no_grad():
            val = sum(F.mse_loss(model(xb), yb).item() for xb, yb in val_loader) / len(val_loader)
        print(f"{epoch:2d} train {total / len(train_loader):.4f} val {val:.4f}")


train(TrainConfig())
