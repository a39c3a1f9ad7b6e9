import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Dataset, Subset

REGISTRY = {}


def register_model(cls):
    REGISTRY[cls.__name__.lower()] = cls
    return cls


@register_model
class TabNet(nn.Module):
    def __init__(self, in_dim, hidden=64, out_dim=3, drop=0.25):
        super().__init__()
        self.stem = nn.Sequential(nn.Linear(in_dim, hidden, bias=False), nn.BatchNorm1d(hidden), nn.ReLU())
        self.drop = nn.Dropout(drop)
        self.out = nn.Linear(hidden, out_dim)

    def forward(self, x):
        return self.out(self.drop(self.stem(x)))


class Moons(Dataset):
    def __init__(self, n=540, dim=15):
        self.t = torch.arange(n) % 3
        w = torch.randn(3, dim)
        x = w[self.t] * (1 + 0.3 * torch.randn(n, 1)) + torch.randn(n, dim)
        self.x = (x - x.mean(0)) / x.std(0)

    def __len__(self):
        return len(self.t)

    def __getitem__(self, i):
        return self.x[i], self.t[i]


class Trainer:
    def __init__(self, model, train_loader, val_loader, val_every=6):
        self.model, self.train_loader, self.val_loader = model, train_loader, val_loader
        self.optim = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-2)
        self.criterion = nn.CrossEntropyLoss()
        self.val_every, self.step = val_every, 0

    @torch.no_grad()
    def evaluate(self):
        self.model.eval()  # coach: train-mode-not-restored; fix: model.train()
        right = sum((self.model(x).argmax(1) == t).sum().item() for x, t in self.val_loader)
        return right / len(self.val_loader.dataset)

    def fit(self, epochs):
        for epoch in range(epochs):
            self.model.train()
            for x, t in self.train_loader:
                self.optim.zero_grad()
                loss = self.criterion(self.model(x), t)
                loss.backward()
                self.optim.step()
                self.step += 1
                if self.step % self.val_every == 0:
                    print(f"step {self.step}: loss {loss.item():.3f} val {self.evaluate():.3f}")  # coach-line: train-mode-not-restored


torch.manual_seed(14)
data = Moons()
order = torch.randperm(len(data)).tolist()
train_loader = DataLoader(Subset(data, order[:420]), batch_size=30, shuffle=True)
val_loader = DataLoader(Subset(data, order[420:]), batch_size=60)
Trainer(REGISTRY["tabnet"](15), train_loader, val_loader).fit(epochs=4)
