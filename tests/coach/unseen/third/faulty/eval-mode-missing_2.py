import argparse

import gradbook as torch
from gradbook import nn
from gradbook.optim.lr_scheduler import CosineAnnealingLR
from gradbook.utils.data import DataLoader, TensorDataset, random_split


class ConvNet(nn.Module):
    def __init__(self, classes, p):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), nn.AdaptiveAvgPool2d(2),
        )
        self.dropout = nn.Dropout(p)
        self.fc = nn.Linear(64, classes)

    def forward(self, x):
        return self.fc(self.dropout(self.features(x).flatten(1)))


def bars(n=320, size=8):
    """Horizontal, vertical and diagonal bars in noise."""
    y = torch.arange(n) % 3
    r = torch.arange(size)
    shift = torch.randint(0, size, (n, 1, 1))
    rows, cols = r.view(1, size, 1), r.view(1, 1, size)
    on = torch.where((y == 0).view(-1, 1, 1), rows + 0 * cols, torch.where((y == 1).view(-1, 1, 1), cols + 0 * rows, (rows + cols) % size))
    img = (on == shift).float() + 0.3 * torch.randn(n, size, size)
    return TensorDataset(((img - img.mean()) / img.std()).unsqueeze(1), y)


class Trainer:
    def __init__(self, args, model, train_set, val_set):
        self.args, self.model = args, model
        self.train_loader = DataLoader(train_set, batch_size=args.batch, shuffle=True, drop_last=True)
        self.val_loader = DataLoader(val_set, batch_size=args.batch)
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
        self.scheduler = CosineAnnealingLR(self.optimizer, T_max=args.epochs)
        self.criterion = nn.CrossEntropyLoss()

    def train_epoch(self):
        self.model.train()
        for x, y in self.train_loader:
            self.optimizer.zero_grad()
            self.criterion(self.model(x), y).backward()
            self.optimizer.step()
        self.scheduler.step()

    def validate(self):  # coach-line: eval-mode-missing
        hits = 0
        with torch.no_grad():  # coach: eval-mode-missing; fix: model.eval()
            for x, y in self.val_loader:
                hits += (self.model(x).argmax(1) == y).sum().item()  # coach-line: eval-mode-missing
        return hits / len(self.val_loader.dataset)


args = argparse.Namespace(batch=32, lr=5e-3, epochs=4)
torch.manual_seed(31)
train_set, val_set = random_split(bars(), [256, 64])
trainer = Trainer(args, ConvNet(3, p=0.3), train_set, val_set)
for epoch in range(args.epochs):
    trainer.train_epoch()
    print(f"epoch {epoch} val acc {trainer.validate():.3f}")
