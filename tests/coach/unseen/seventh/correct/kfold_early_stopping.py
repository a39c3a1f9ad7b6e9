"""5-fold cross validation of a yeast growth regression, with early stopping in each fold."""
import copy
import gradbook as torch
from gradbook import nn, optim
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(123)

conditions = torch.randn(250, 6)
growth = torch.tanh(conditions[:, 0]) + 0.5 * conditions[:, 1] * conditions[:, 2] + 0.2 * torch.randn(250)
growth = growth.unsqueeze(1)
folds = torch.randperm(250).reshape(5, 50)


def fit(train_idx, val_idx, max_epochs=40, patience=4):
    x_tr, y_tr = conditions[train_idx], growth[train_idx]
    mx, sx, my, sy = x_tr.mean(0), x_tr.std(0), y_tr.mean(), y_tr.std()
    x_va, y_va = (conditions[val_idx] - mx) / sx, (growth[val_idx] - my) / sy
    loader = DataLoader(TensorDataset((x_tr - mx) / sx, (y_tr - my) / sy), batch_size=25, shuffle=True)
    net = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 1))
    opt = optim.Adam(net.parameters(), lr=0.01, weight_decay=1e-4)
    loss_fn = nn.MSELoss()
    best, best_state, waited = float("inf"), None, 0
    for epoch in range(max_epochs):
        net.train()
        for x, y in loader:
            opt.zero_grad()
            loss_fn(net(x), y).backward()
            opt.step()
        net.eval()
        with torch.no_grad():
            val = loss_fn(net(x_va), y_va).item()
        if val < best:
            best, best_state, waited = val, copy.deepcopy(net.state_dict()), 0
        else:
            waited += 1
            if waited >= patience:
                break
    net.load_state_dict(best_state)
    return best, epoch + 1


scores = []
for k in range(5):
    val_idx = folds[k]
    train_idx = torch.cat([folds[j] for j in range(5) if j != k])
    score, epochs = fit(train_idx, val_idx)
    scores.append(score)
    print(f"fold {k}: val mse {score:.3f} after {epochs} epochs")
print("mean", sum(scores) / 5)
