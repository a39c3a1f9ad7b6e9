import copy

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(131)


class EMACallback:
    def __init__(self, model, decay=0.95):
        self.decay = decay
        self.shadow = copy.deepcopy(model)
        self.shadow.eval()
        for p in self.shadow.parameters():
            p.requires_grad_(False)

    def on_batch_end(self, model):
        with torch.no_grad():
            for s, p in zip(self.shadow.parameters(), model.parameters()):
                s.mul_(self.decay).add_(p, alpha=1 - self.decay)


class EarlyStopping:
    def __init__(self, patience=3):
        self.patience, self.best, self.wait = patience, float("inf"), 0

    def should_stop(self, value):
        if value < self.best - 1e-4:
            self.best, self.wait = value, 0
        else:
            self.wait += 1
        return self.wait >= self.patience


def evaluate(model, loader):
    was_training = model.training
    model.eval()
    nll, n = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            nll += F.cross_entropy(model(x), y, reduction="sum").item()
            n += len(y)
    model.train(was_training)
    return nll / n


mu = torch.randn(4, 10)
y = torch.randint(0, 4, (480,))
X = mu[y] + torch.randn(480, 10)
X = (X - X[:360].mean(0)) / X[:360].std(0)
train = DataLoader(TensorDataset(X[:360], y[:360]), batch_size=30, shuffle=True)
valid = DataLoader(TensorDataset(X[360:], y[360:]), batch_size=60)

model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 4))
ema, stopper = EMACallback(model), EarlyStopping()
opt = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-2)
for epoch in range(12):
    for x, t in train:
        opt.zero_grad()
        loss = F.cross_entropy(model(x), t)
        loss.backward()
        opt.step()
        ema.on_batch_end(model)
    raw, smooth = evaluate(model, valid), evaluate(ema.shadow, valid)
    print(f"epoch {epoch}: val {raw:.4f} ema {smooth:.4f}")
    if stopper.should_stop(smooth):
        break
