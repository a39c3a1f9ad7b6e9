import math
from dataclasses import dataclass

import gradbook as torch
import gradbook.nn as nn
from gradbook.optim.lr_scheduler import LambdaLR
from gradbook.utils.data import DataLoader, Dataset


@dataclass
class TrainConfig:
    lr: float = 0.02
    epochs: int = 6
    batch_size: int = 32
    clip: float = 1.0
    warmup: int = 5


class SpiralDataset(Dataset):
    def __init__(self, per_class=96, arms=3):
        xs, ys = [], []
        for k in range(arms):
            r = torch.linspace(0.2, 1.0, per_class)
            t = 3.0 * r + 2 * math.pi * k / arms + 0.1 * torch.randn(per_class)
            xs.append(torch.stack([r * torch.cos(t), r * torch.sin(t)], dim=1))
            ys.append(torch.full((per_class,), k, dtype=torch.long))
        x = torch.cat(xs)
        self.x, self.y = (x - x.mean(0)) / x.std(0), torch.cat(ys)

    def __len__(self):
        return self.x.shape[0]

    def __getitem__(self, idx):
        return self.x[idx], self.y[idx]


class Trainer:
    def __init__(self, model, cfg, train_set):
        self.model, self.cfg = model, cfg
        self.loader = DataLoader(train_set, cfg.batch_size, shuffle=True)
        self.optimizer = torch.optim.SGD(model.parameters(), lr=cfg.lr, momentum=0.9)
        total = cfg.epochs * len(self.loader)
        self.scheduler = LambdaLR(self.optimizer, lambda s: min((s + 1) / cfg.warmup, 1.0) * (1 - 0.9 * s / total))
        self.criterion = nn.CrossEntropyLoss()

    def train_one_epoch(self):
        self.model.train()
        self.optimizer.zero_grad()  # coach-line: missing-zero-grad
        losses = []
        for inputs, labels in self.loader:
            loss = self.criterion(self.model(inputs), labels)
            loss.backward()  # coach: missing-zero-grad; fix: optimizer.zero_grad()
            nn.utils.clip_grad_norm_(self.model.parameters(), self.cfg.clip)
            self.optimizer.step()
            self.scheduler.step()
            losses.append(loss.item())
        return sum(losses) / len(losses)


if __name__ == "__main__":
    torch.manual_seed(1)
    cfg = TrainConfig()
    model = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3))
    trainer = Trainer(model, cfg, SpiralDataset())
    for epoch in range(cfg.epochs):
        print(epoch, round(trainer.train_one_epoch(), 4))
