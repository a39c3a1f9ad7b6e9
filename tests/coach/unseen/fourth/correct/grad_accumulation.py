import numpy as np
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(2)
rng = np.random.default_rng(2)
X = rng.normal(size=(576, 10)).astype(np.float32)
y = (X @ rng.normal(size=10) + 0.3 * rng.normal(size=576) > 0).astype(np.float32)
train_dl = DataLoader(TensorDataset(torch.tensor(X[:448]), torch.tensor(y[:448])), batch_size=16, shuffle=True)
valid_dl = DataLoader(TensorDataset(torch.tensor(X[448:]), torch.tensor(y[448:])), batch_size=64)

ACCUM = 4
model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 1))
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)


def train_fn(epoch):
    model.train()
    optimizer.zero_grad()
    total = 0.0
    for step, (xb, yb) in enumerate(train_dl):
        loss = criterion(model(xb).squeeze(1), yb)
        (loss / ACCUM).backward()
        total += loss.item()
        if (step + 1) % ACCUM == 0:
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
    return total / len(train_dl)


@torch.no_grad()
def eval_fn():
    model.eval()
    hits = sum(((model(xb).squeeze(1) > 0) == (yb > 0.5)).sum().item() for xb, yb in valid_dl)
    return hits / len(valid_dl.dataset)


for epoch in range(6):
    print(epoch, round(train_fn(epoch), 4), eval_fn())
