from dataclasses import dataclass

import gradbook as torch
from gradbook import nn
from gradbook.optim.lr_scheduler import LambdaLR
from gradbook.utils.data import DataLoader, Dataset


@dataclass
class TrainConfig:
    lr: float = 3e-3
    micro_batch: int = 16
    accum_steps: int = 4
    epochs: int = 6
    warmup: int = 4
    max_norm: float = 1.0


class PatternSet(Dataset):
    def __init__(self, n=448, dim=18, classes=4):
        self.target = torch.arange(n) % classes
        x = 1.2 * torch.randn(classes, dim)[self.target] + torch.randn(n, dim)
        self.x = (x - x.mean(0)) / x.std(0)

    def __len__(self):
        return len(self.target)

    def __getitem__(self, i):
        return self.x[i], self.target[i]


class Trainer:
    def __init__(self, model, cfg, data):
        self.model, self.cfg = model, cfg
        self.loader = DataLoader(data, batch_size=cfg.micro_batch, shuffle=True)
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=cfg.lr)
        self.updates = cfg.epochs * ((len(self.loader) + cfg.accum_steps - 1) // cfg.accum_steps)
        self.scheduler = LambdaLR(self.optimizer, self.warmup_linear)
        self.criterion = nn.CrossEntropyLoss()

    def warmup_linear(self, step):
        if step < self.cfg.warmup:
            return (step + 1) / self.cfg.warmup
        return max(0.1, 1 - (step - self.cfg.warmup) / (self.updates - self.cfg.warmup))

    def train_epoch(self):
        self.model.train()
        self.optimizer.zero_grad()
        running = 0.0
        for i, (x, target) in enumerate(self.loader, start=1):
            loss = self.criterion(self.model(x), target)
            (loss / self.cfg.accum_steps).backward()
            running += loss.item()
            if i % self.cfg.accum_steps == 0 or i == len(self.loader):
                nn.utils.clip_grad_norm_(self.model.parameters(), self.cfg.max_norm)
                self.optimizer.step()
                self.scheduler.step()
                self.optimizer.zero_grad()
        return running / len(self.loader)


if __name__ == "__main__":
    torch.manual_seed(0)
    cfg = TrainConfig()
    net = nn.Sequential(nn.Linear(18, 64), nn.GELU(), nn.Linear(64, 4))
    trainer = Trainer(net, cfg, PatternSet())
    for epoch in range(cfg.epochs):
        print(f"epoch {epoch} loss {trainer.train_epoch():.4f}")
