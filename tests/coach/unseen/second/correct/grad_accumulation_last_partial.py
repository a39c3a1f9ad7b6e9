"""Trainer whose accumulation also flushes the incomplete group at the end of the epoch."""
from dataclasses import dataclass

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


@dataclass
class Config:
    lr: float = 5e-3
    epochs: int = 8
    batch_size: int = 20
    accumulate: int = 3
    seed: int = 3


class Trainer:
    def __init__(self, cfg):
        torch.manual_seed(cfg.seed)
        self.cfg = cfg
        x = torch.randn(220, 6)
        y = (x[:, 0] * x[:, 1] > 0).float()
        self.train_loader = DataLoader(TensorDataset(x, y), batch_size=cfg.batch_size, shuffle=True)
        self.model = nn.Sequential(nn.Linear(6, 48), nn.ReLU(), nn.Linear(48, 24), nn.ReLU(), nn.Linear(24, 1))
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=cfg.lr, weight_decay=1e-3)
        self.loss_fn = nn.BCEWithLogitsLoss()

    def train_epoch(self):
        self.model.train()
        n = len(self.train_loader)
        losses = []
        for i, (xb, yb) in enumerate(self.train_loader):
            group_start = (i // self.cfg.accumulate) * self.cfg.accumulate
            group = min(self.cfg.accumulate, n - group_start)
            logits = self.model(xb).squeeze(1)
            loss = self.loss_fn(logits, yb)
            (loss / group).backward()
            losses.append(loss.item())
            if (i + 1) % self.cfg.accumulate == 0 or i + 1 == n:
                self.optimizer.step()
                self.optimizer.zero_grad()
        return sum(losses) / len(losses)

    def fit(self):
        for epoch in range(self.cfg.epochs):
            loss = self.train_epoch()
            print(f"epoch {epoch}: {loss:.4f}")


if __name__ == "__main__":
    Trainer(Config()).fit()
