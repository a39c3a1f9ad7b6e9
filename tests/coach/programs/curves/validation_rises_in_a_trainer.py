import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset


class Trainer:
    def __init__(self, model, train, val):
        self.model, self.train_loader, self.val_loader = model, train, val
        self.opt = torch.optim.AdamW(model.parameters(), lr=1e-2)
        self.crit = nn.CrossEntropyLoss()

    def train_epoch(self):
        self.model.train()
        for x, y in self.train_loader:
            self.opt.zero_grad()
            self.crit(self.model(x), y).backward()
            self.opt.step()

    @torch.no_grad()
    def validate(self):
        self.model.eval()
        losses = [self.crit(self.model(x), y).item() for x, y in self.val_loader]
        return sum(losses) / len(losses)

    def fit(self, epochs):
        for _ in range(epochs):  # coach: overfitting; fix: nn.Dropout(
            self.train_epoch()
            print(self.validate())


torch.manual_seed(2)
train = DataLoader(TensorDataset(torch.randn(40, 8), torch.randint(0, 3, (40,))), batch_size=10, shuffle=True)
val = DataLoader(TensorDataset(torch.randn(40, 8), torch.randint(0, 3, (40,))), batch_size=20)
Trainer(nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 3)), train, val).fit(12)
