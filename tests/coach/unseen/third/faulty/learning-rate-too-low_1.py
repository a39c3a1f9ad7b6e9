from dataclasses import dataclass

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Dataset


@dataclass
class TrainArgs:
    optimizer: str = "sgd"
    lr: float = 1e-6  # coach: learning-rate-too-low
    momentum: float = 0.9
    batch_size: int = 40
    epochs: int = 12


class TwoRings(Dataset):
    def __init__(self, n=480):
        self.y = torch.arange(n) % 2
        angle = torch.rand(n) * 6.2832
        radius = 1.0 + self.y.float() + 0.15 * torch.randn(n)
        pts = torch.stack([radius * torch.cos(angle), radius * torch.sin(angle)], dim=1)
        self.pts = (pts - pts.mean(0)) / pts.std(0)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.pts[i], self.y[i]


def build_optimizer(args, model):
    if args.optimizer == "sgd":
        return torch.optim.SGD(model.parameters(), lr=args.lr, momentum=args.momentum)  # coach-line: learning-rate-too-low
    if args.optimizer == "adam":
        return torch.optim.Adam(model.parameters(), lr=args.lr)
    raise ValueError(f"unknown optimizer {args.optimizer}")


def fit(args):
    model = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 2))
    loader = DataLoader(TwoRings(), batch_size=args.batch_size, shuffle=True)
    optimizer = build_optimizer(args, model)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(args.epochs):
        running, hits = 0.0, 0
        for pts, label in loader:
            logits = model(pts)
            loss = criterion(logits, label)  # coach-also: loss-plateau
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()  # coach-also: update-ratio-low
            running += loss.item() * len(label)
            hits += (logits.argmax(1) == label).sum().item()
        n = len(loader.dataset)
        print(f"epoch {epoch:2d} loss {running / n:.5f} acc {hits / n:.3f}")


torch.manual_seed(6)
fit(TrainArgs())
