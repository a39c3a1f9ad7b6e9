from dataclasses import dataclass

import gradbook as torch
from gradbook import nn
from gradbook.optim.lr_scheduler import CosineAnnealingLR
from gradbook.utils.data import DataLoader, Dataset


class AverageMeter:
    def __init__(self):
        self.reset()

    def reset(self):
        self.val, self.sum, self.count = 0, 0, 0

    def update(self, val, n=1):
        self.val = val
        self.sum += val * n  # coach-line: loss-keeps-graph
        self.count += n

    @property
    def avg(self):
        return self.sum / max(self.count, 1)


@dataclass
class Cfg:
    lr: float = 2e-3
    epochs: int = 4
    batch: int = 16


class Waves(Dataset):
    def __init__(self, n=640, length=24):
        t = torch.linspace(0, 6.28, length)
        self.label = torch.arange(n) % 4
        freq = (self.label + 1).float().unsqueeze(1)
        phase = torch.rand(n, 1) * 1.5
        wave = torch.sin(freq * t + phase) + 0.4 * torch.randn(n, length)
        self.wave = (wave - wave.mean(0)) / wave.std(0)

    def __len__(self):
        return len(self.label)

    def __getitem__(self, k):
        return self.wave[k], self.label[k]


def train(cfg):
    model = nn.Sequential(nn.Linear(24, 64), nn.ReLU(), nn.Linear(64, 4))
    loader = DataLoader(Waves(), batch_size=cfg.batch, shuffle=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=cfg.lr)
    scheduler = CosineAnnealingLR(optimizer, T_max=cfg.epochs)
    criterion = nn.CrossEntropyLoss()
    losses = AverageMeter()
    for epoch in range(cfg.epochs):
        losses.reset()
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            losses.update(loss, x.size(0))  # coach: loss-keeps-graph; fix: loss.item()
        scheduler.step()
        print(f"Epoch: [{epoch}]  Loss {losses.avg:.4f}")


torch.manual_seed(0)
train(Cfg())
