# Five-fold cross-validation with early stopping; a fresh model and optimiser for each fold
import copy
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset, Subset

torch.manual_seed(500)
N, K = 300, 5
raw = torch.randn(N, 4) * torch.tensor([1.0, 4.0, 0.5, 2.0]) + torch.tensor([0.0, 10.0, 3.0, -1.0])
z = (raw - torch.tensor([0.0, 10.0, 3.0, -1.0])) / torch.tensor([1.0, 4.0, 0.5, 2.0])
strength = 2.0 * z[:, 0] - z[:, 1] * z[:, 2] + 0.5 * z[:, 3] + 0.3 * torch.randn(N)


def fold_data(train_idx, val_idx):
    mx, sx = raw[train_idx].mean(0), raw[train_idx].std(0)
    my, sy = strength[train_idx].mean(), strength[train_idx].std()
    full = TensorDataset((raw - mx) / sx, ((strength - my) / sy).unsqueeze(1))
    return (DataLoader(Subset(full, train_idx.tolist()), batch_size=40, shuffle=True),
            DataLoader(Subset(full, val_idx.tolist()), batch_size=60))


def train_fold(train_dl, val_dl, patience=3, max_epochs=25):
    model = nn.Sequential(nn.Linear(4, 24), nn.ReLU(), nn.Linear(24, 1))
    opt = torch.optim.Adam(model.parameters(), lr=1e-2)
    criterion = nn.MSELoss()
    best, best_state, waited = float("inf"), None, 0
    for epoch in range(max_epochs):
        model.train()
        for xb, yb in train_dl:
            opt.zero_grad()
            criterion(model(xb), yb).backward()
            opt.step()
        model.eval()
        with torch.no_grad():
            val = sum(criterion(model(xb), yb).item() for xb, yb in val_dl) / len(val_dl)
        if val < best:
            best, best_state, waited = val, copy.deepcopy(model.state_dict()), 0
        else:
            waited += 1
            if waited == patience:
                break
    model.load_state_dict(best_state)
    return best, epoch + 1


folds = torch.randperm(N).chunk(K)
scores = []
for k in range(K):
    rest = torch.cat([f for j, f in enumerate(folds) if j != k])
    score, epochs = train_fold(*fold_data(rest, folds[k]))
    scores.append(score)
    print(f"fold {k}: val mse {score:.3f} after {epochs} epochs")
print("mean", round(sum(scores) / K, 3))
