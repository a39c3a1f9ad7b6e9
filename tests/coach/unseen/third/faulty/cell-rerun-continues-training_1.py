# %%
import math
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

# %%
torch.manual_seed(7)
angle = torch.rand(600) * math.pi
label = (torch.arange(600) % 2).long()
sign = 1.0 - 2.0 * label.float()
pts = torch.stack([torch.cos(angle) * sign + label.float(),
                   torch.sin(angle) * sign + 0.5 * label.float()], dim=1)
pts = pts + 0.15 * torch.randn_like(pts)
pts = (pts - pts.mean(0)) / pts.std(0)
perm = torch.randperm(600)
X, y = pts[perm], label[perm]
train_loader = DataLoader(TensorDataset(X[:480], y[:480]), batch_size=32, shuffle=True)
X_val, y_val = X[480:], y[480:]

# %%
def make_model():
    return nn.Sequential(nn.Linear(2, 24), nn.ReLU(), nn.Linear(24, 2))

model = make_model()  # coach-line: cell-rerun-continues-training
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)  # coach-line: cell-rerun-continues-training
criterion = nn.CrossEntropyLoss()
repeats = []

# %% [r1]
# one repeat of the experiment: 8 epochs, then the validation accuracy
torch.manual_seed(len(repeats))  # coach-line: cell-rerun-continues-training
history = []
for epoch in range(8):  # coach: cell-rerun-continues-training; fix: model = make_model()
    model.train()
    running = 0.0
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
        running += loss.item() * len(xb)
    history.append(running / 480)

model.eval()
with torch.no_grad():
    acc = (model(X_val).argmax(1) == y_val).float().mean().item()
repeats.append(acc)
print(f"repeat {len(repeats)}: first epoch {history[0]:.3f}, last epoch {history[-1]:.3f}, val acc {acc:.3f}")

# %% [r1] rerun

# %%
r = torch.tensor(repeats)
print(f"val accuracy over {len(repeats)} repeats: {r.mean().item():.3f} +- {r.std().item():.3f}")
