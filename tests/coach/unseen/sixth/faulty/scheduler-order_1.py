import gradbook as torch
from gradbook import nn
from gradbook.optim.lr_scheduler import StepLR
from gradbook.utils.data import DataLoader, TensorDataset


class WindowClassifier(nn.Module):
    def __init__(self, channels, window, classes):
        super().__init__()
        self.features = nn.Sequential(nn.Conv1d(channels, 12, 5, padding=2), nn.ReLU(), nn.MaxPool1d(2))
        self.head = nn.Linear(12 * (window // 2), classes)

    def forward(self, x):
        return self.head(self.features(x).flatten(1))


class Trainer:
    def __init__(self, model, train_loader, val_loader, lr=2e-3, epochs=8):
        self.model, self.train_loader, self.val_loader = model, train_loader, val_loader
        self.criterion = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
        self.scheduler = StepLR(self.optimizer, step_size=3, gamma=0.5)
        self.epochs = epochs

    def fit(self):
        for epoch in range(self.epochs):
            self.scheduler.step()  # coach: scheduler-order; fix: scheduler.step()
            loss = self.train_epoch()
            acc = self.validate()
            print(f"epoch {epoch}  lr {self.optimizer.param_groups[0]['lr']:.5f}  loss {loss:.3f}  acc {acc:.3f}")

    def train_epoch(self):
        self.model.train()
        total = 0.0
        for x, y in self.train_loader:
            self.optimizer.zero_grad()
            loss = self.criterion(self.model(x), y)
            loss.backward()
            self.optimizer.step()
            total += loss.item()
        return total / len(self.train_loader)

    @torch.no_grad()
    def validate(self):
        self.model.eval()
        correct = sum((self.model(x).argmax(1) == y).sum().item() for x, y in self.val_loader)
        return correct / len(self.val_loader.dataset)


def vibration_windows(n, channels=3, window=24):
    y = torch.randint(0, 3, (n,))
    t = torch.arange(window).float()
    wave = torch.sin((0.3 + 0.4 * y.float()).view(-1, 1, 1) * t + 6.28 * torch.rand(n, 1, 1))
    return TensorDataset(1.2 * wave + 0.5 * torch.randn(n, channels, window), y)


if __name__ == "__main__":
    torch.manual_seed(1)
    train_loader = DataLoader(vibration_windows(480), batch_size=48, shuffle=True)
    val_loader = DataLoader(vibration_windows(160), batch_size=80)
    Trainer(WindowClassifier(3, 24, 3), train_loader, val_loader).fit()
