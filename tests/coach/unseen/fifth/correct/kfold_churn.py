import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

PARAMS = {"folds": 4, "epochs": 6, "lr": 3e-3, "batch_size": 50}


def new_model():
    return nn.Sequential(
        nn.Linear(9, 24, bias=False), nn.BatchNorm1d(24), nn.ReLU(),
        nn.Linear(24, 1),
    )


def fit_fold(raw, y, train_idx, val_idx):
    mu, sd = raw[train_idx].mean(0), raw[train_idx].std(0)
    x = (raw - mu) / sd
    loader = DataLoader(TensorDataset(x[train_idx], y[train_idx]), batch_size=PARAMS["batch_size"], shuffle=True, drop_last=True)
    model = new_model()
    opt = torch.optim.AdamW(model.parameters(), lr=PARAMS["lr"])
    bce = nn.BCEWithLogitsLoss()
    for _ in range(PARAMS["epochs"]):
        model.train()
        for xb, yb in loader:
            opt.zero_grad()
            loss = bce(model(xb).squeeze(1), yb)
            loss.backward()
            opt.step()
    model.eval()
    with torch.no_grad():
        pred = model(x[val_idx]).squeeze(1) > 0
    return (pred.float() == y[val_idx]).float().mean().item()


torch.manual_seed(4)
raw = 50 + 10 * torch.randn(1000, 9)
y = ((raw[:, 0] - raw[:, 1]) / 10 + 0.4 * torch.randn(1000) > 0).float()
parts = torch.randperm(1000).chunk(PARAMS["folds"])
scores = []
for k, val_idx in enumerate(parts):
    train_idx = torch.cat([p for i, p in enumerate(parts) if i != k])
    scores.append(fit_fold(raw, y, train_idx, val_idx))
    print(f"fold {k}: {scores[-1]:.3f}")
print("cv accuracy", sum(scores) / len(scores))
