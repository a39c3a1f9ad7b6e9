from dataclasses import dataclass

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


@dataclass
class Config:
    hidden: int = 48
    lr: float = 1e-7  # coach: learning-rate-too-low
    momentum: float = 0.9
    epochs: int = 12
    batch_size: int = 20
    seed: int = 0


class Trainer:
    def __init__(self, cfg, model, loader):
        self.cfg, self.model, self.loader = cfg, model, loader
        self.criterion = nn.SmoothL1Loss()
        self.optim = torch.optim.SGD(model.parameters(), lr=cfg.lr, momentum=cfg.momentum)  # coach-line: learning-rate-too-low

    def run_epoch(self):
        self.model.train()
        seen, total = 0, 0.0
        for xb, yb in self.loader:
            pred = self.model(xb)
            loss = self.criterion(pred, yb)
            self.optim.zero_grad()
            loss.backward()
            self.optim.step()
            total += loss.item() * xb.size(0)
            seen += xb.size(0)
        return total / seen

    def fit(self):
        for epoch in range(self.cfg.epochs):
            print(f"[{epoch + 1}/{self.cfg.epochs}] loss={self.run_epoch():.5f}")


if __name__ == "__main__":
    cfg = Config()
    torch.manual_seed(cfg.seed)
    feats = torch.randn(200, 6)
    target = (feats[:, :1] - 2 * feats[:, 1:2] + torch.sin(feats[:, 2:3])) / 2
    model = nn.Sequential(nn.Linear(6, cfg.hidden), nn.GELU(), nn.Linear(cfg.hidden, cfg.hidden), nn.GELU(), nn.Linear(cfg.hidden, 1))
    loader = DataLoader(TensorDataset(feats, target), batch_size=cfg.batch_size, shuffle=True)
    Trainer(cfg, model, loader).fit()  # coach-also: update-ratio-low
