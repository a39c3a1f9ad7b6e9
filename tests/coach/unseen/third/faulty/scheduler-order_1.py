from dataclasses import dataclass

import gradbook as torch
from gradbook import nn
from gradbook.optim.lr_scheduler import MultiStepLR
from gradbook.utils.data import DataLoader, Dataset


@dataclass
class Config:
    epochs: int = 9
    batch_size: int = 64
    lr: float = 0.05
    milestones: tuple = (4, 7)
    gamma: float = 0.2
    seed: int = 3


class Blobs(Dataset):
    def __init__(self, n=512, dim=20, classes=5):
        centers = torch.randn(classes, dim)
        self.labels = torch.arange(n) % classes
        x = centers[self.labels] + 1.2 * torch.randn(n, dim)
        self.points = (x - x.mean(0)) / x.std(0)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.points[i], self.labels[i]


class Trainer:
    def __init__(self, cfg, model, dataset):
        self.cfg, self.model = cfg, model
        self.loader = DataLoader(dataset, batch_size=cfg.batch_size, shuffle=True)
        self.criterion = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(model.parameters(), lr=cfg.lr, momentum=0.9, weight_decay=1e-4)
        self.scheduler = MultiStepLR(self.optimizer, milestones=list(cfg.milestones), gamma=cfg.gamma)

    def train_epoch(self):
        self.model.train()
        running = 0.0
        for x, y in self.loader:
            loss = self.criterion(self.model(x), y)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            running += loss.item() * len(y)
        return running / len(self.loader.dataset)

    def fit(self):
        for epoch in range(self.cfg.epochs):
            self.scheduler.step()  # coach: scheduler-order; fix: scheduler.step()
            lr = self.optimizer.param_groups[0]["lr"]
            loss = self.train_epoch()
            print(f"epoch {epoch:02d}  lr {lr:.4f}  loss {loss:.4f}")


if __name__ == "__main__":
    cfg = Config()
    torch.manual_seed(cfg.seed)
    net = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 5))
    Trainer(cfg, net, Blobs()).fit()
