import copy

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(70)
DIM = 40


def sample(n, w):
    x = torch.randn(n, DIM)
    clean = (x @ w > 0).long()
    flip = torch.rand(n) < 0.15
    return TensorDataset(x, torch.where(flip, 1 - clean, clean))


w = torch.randn(DIM)
train_loader = DataLoader(sample(80, w), batch_size=20, shuffle=True)
val_loader = DataLoader(sample(200, w), batch_size=50)

model = nn.Sequential(nn.Linear(DIM, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 2))  # coach-line: overfitting
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)  # coach-line: overfitting


def run(loader, train):
    model.train(train)
    loss_sum, hits = 0.0, 0
    with torch.set_grad_enabled(train):
        for x, y in loader:
            logits = model(x)
            loss = F.cross_entropy(logits, y)
            if train:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            loss_sum += loss.item() * len(y)
            hits += (logits.argmax(1) == y).sum().item()
    n = len(loader.dataset)
    return {"loss": round(loss_sum / n, 3), "acc": round(hits / n, 3)}


checkpoint = {}
for epoch in range(60):  # coach: overfitting
    log = {"epoch": epoch, "train": run(train_loader, True), "val": run(val_loader, False)}
    if epoch % 10 == 9:
        print(log)
    checkpoint = {"epoch": epoch, "model": copy.deepcopy(model.state_dict())}
print("kept epoch", checkpoint["epoch"])
