import copy
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(12)
n = 400
X = torch.randn(n, 6)
y = (X[:, :1] - 0.5 * X[:, 1:2] + torch.sin(X[:, 2:3])) + 0.2 * torch.randn(n, 1)
folds = torch.randperm(n).view(4, -1)


def build():
    return nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Dropout(0.1), nn.Linear(24, 1))


scores = []
for k in range(4):
    va = folds[k]
    tr = torch.cat([folds[j] for j in range(4) if j != k])
    m, s = y[tr].mean(), y[tr].std()
    dl = DataLoader(TensorDataset(X[tr], (y[tr] - m) / s), batch_size=30, shuffle=True)
    model = build()
    opt = torch.optim.Adam(model.parameters(), lr=0.01)
    mse = nn.MSELoss()
    best, best_state, bad = float("inf"), None, 0
    for epoch in range(12):
        model.train()
        for xb, yb in dl:
            opt.zero_grad()
            loss = mse(model(xb), yb)
            loss.backward()
            opt.step()
        model.eval()
        with torch.no_grad():
            v = mse(model(X[va]), (y[va] - m) / s).item()
        if v < best:
            best, best_state, bad = v, copy.deepcopy(model.state_dict()), 0
        else:
            bad += 1
            if bad == 3:
                break
    model.load_state_dict(best_state)
    scores.append(best)
    print(f"fold {k}: stopped at {epoch}, best {best:.4f}")
print("cv", sum(scores) / 4)
