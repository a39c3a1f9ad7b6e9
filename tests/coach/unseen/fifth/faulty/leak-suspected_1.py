import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class Splits:
    def __init__(self, X, y, val_frac=0.25):
        order = torch.randperm(len(X))
        n_val = int(len(X) * val_frac)
        self.val_idx = order[:n_val]
        self.train_idx = order  # coach: leak-suspected; fix: order[n_val:]
        self.X, self.y = X, y

    def loaders(self, bs):
        tr = TensorDataset(self.X[self.train_idx], self.y[self.train_idx])
        va = TensorDataset(self.X[self.val_idx], self.y[self.val_idx])
        return DataLoader(tr, batch_size=bs, shuffle=True), DataLoader(va, batch_size=bs)


class Trainer:
    def __init__(self, model, lr):
        self.model = model
        self.opt = torch.optim.Adam(model.parameters(), lr=lr)
        self.loss = nn.BCEWithLogitsLoss()

    def train_epoch(self, dl):
        self.model.train()
        s = []
        for x, y in dl:
            self.opt.zero_grad()
            l = self.loss(self.model(x).squeeze(1), y)
            l.backward()
            self.opt.step()
            s.append(l.item())
        return sum(s) / len(s)

    @torch.no_grad()
    def evaluate(self, dl):
        self.model.eval()
        s = [self.loss(self.model(x).squeeze(1), y).item() for x, y in dl]
        return sum(s) / len(s)


torch.manual_seed(8)
X = torch.randn(320, 16)
y = (X[:, 0] - X[:, 1] + 1.5 * torch.randn(320) > 0).float()
train_dl, val_dl = Splits(X, y).loaders(40)
trainer = Trainer(nn.Sequential(nn.Linear(16, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 1)), 2e-3)
for ep in range(40):
    a, b = trainer.train_epoch(train_dl), trainer.evaluate(val_dl)
    if ep % 8 == 7:
        print(ep, round(a, 4), round(b, 4))
