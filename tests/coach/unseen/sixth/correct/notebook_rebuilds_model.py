# %%
from dataclasses import dataclass

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

# %%
torch.manual_seed(0)
X = torch.randn(700, 8)
churn = (X[:, 0] - 0.8 * X[:, 1] + X[:, 2] * X[:, 3] + 0.7 > 0).float()
X_train, y_train, X_val, y_val = X[:560], churn[:560], X[560:], churn[560:]
print(f"positive share {y_train.mean().item():.2f}")

# %%
def fit(model, lr, epochs=8):
    loader = DataLoader(TensorDataset(X_train, y_train), batch_size=56, shuffle=True)
    opt = torch.optim.Adam(model.parameters(), lr=lr)
    criterion = nn.BCEWithLogitsLoss()
    history = []
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for xb, yb in loader:
            opt.zero_grad()
            loss = criterion(model(xb).squeeze(1), yb)
            loss.backward()
            opt.step()
            total += loss.item()
        model.eval()
        with torch.no_grad():
            val = criterion(model(X_val).squeeze(1), y_val).item()
        history.append((total / len(loader), val))
    return history


runs = {}

# %% [trial]
torch.manual_seed(1)
hidden, lr = 16, 1e-3
model = nn.Sequential(nn.Linear(8, hidden), nn.ReLU(), nn.Linear(hidden, 1))
runs[hidden, lr] = fit(model, lr)
print(hidden, lr, "train %.3f val %.3f" % runs[hidden, lr][-1])

# %% [trial] rerun
torch.manual_seed(1)
hidden, lr = 32, 3e-3
model = nn.Sequential(nn.Linear(8, hidden), nn.ReLU(), nn.Linear(hidden, 1))
runs[hidden, lr] = fit(model, lr)
print(hidden, lr, "train %.3f val %.3f" % runs[hidden, lr][-1])

# %%
model.eval()
with torch.no_grad():
    accuracy = ((model(X_val).squeeze(1) > 0).float() == y_val).float().mean().item()
print("best", min(runs, key=lambda k: runs[k][-1][1]), "last model's accuracy", round(accuracy, 3))
