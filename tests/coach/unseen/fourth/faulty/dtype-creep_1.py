import numpy as np
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(77)
rng = np.random.default_rng(77)

N, D, C = 600, 9, 3
proto = rng.normal(0, 1.5, (C, D))
label = rng.choice(C, size=N, p=[0.42, 0.33, 0.25])
X = (proto[label] + rng.normal(size=(N, D))).astype(np.float32)
X = (X - X.mean(axis=0)) / X.std(axis=0)

counts = np.bincount(label, minlength=C)
class_weight = torch.from_numpy(counts.sum() / (C * counts))  # coach: dtype-creep; fix: float

ds = TensorDataset(torch.from_numpy(X), torch.from_numpy(label))
loader = DataLoader(ds, batch_size=50, shuffle=True)


def balanced_loss(logits, y):
    per_row = F.cross_entropy(logits, y, reduction="none")
    return (per_row * class_weight[y]).mean()  # coach-line: dtype-creep


model = nn.Sequential(nn.Linear(D, 32), nn.ReLU(), nn.Linear(32, C))
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(6):
    total = 0.0
    for xb, yb in loader:
        opt.zero_grad()
        loss = balanced_loss(model(xb), yb)
        loss.backward()
        opt.step()
        total += loss.item() * len(xb)
    print(f"epoch {epoch:02d} loss {total / N:.4f}")
