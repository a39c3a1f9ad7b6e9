# 5-fold CV, fresh model per fold, scaler fitted on the training part only
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(500)

N, D, K = 300, 8, 5
X = torch.randn(N, D) * torch.tensor([1.0, 2.0, 0.5, 1.0, 3.0, 1.0, 1.0, 0.7]) + 0.5
logit = 1.5 * (X[:, 0] - 0.5) + 0.8 * (X[:, 1] - 0.5) - (X[:, 5] - 0.5)
y = (logit + 0.3 * torch.randn(N) > 0).long()


def make_model():
    return nn.Sequential(nn.Linear(D, 16), nn.ReLU(), nn.Linear(16, 2))


perm = torch.randperm(N)
size = N // K
fold_acc = []
for k in range(K):
    va = perm[k * size:(k + 1) * size]
    tr = torch.cat([perm[:k * size], perm[(k + 1) * size:]])
    mu, sd = X[tr].mean(0), X[tr].std(0)
    dl = DataLoader(TensorDataset((X[tr] - mu) / sd, y[tr]), batch_size=24, shuffle=True)
    xv, yv = (X[va] - mu) / sd, y[va]

    model = make_model()
    opt = torch.optim.Adam(model.parameters(), lr=5e-3)
    for epoch in range(6):
        model.train()
        for a, b in dl:
            opt.zero_grad()
            loss = F.cross_entropy(model(a), b)
            loss.backward()
            opt.step()
    model.eval()
    with torch.no_grad():
        acc = (model(xv).argmax(1) == yv).float().mean().item()
    fold_acc.append(acc)
    print(f"fold {k}: {acc:.3f}")
print("mean %.3f" % (sum(fold_acc) / K))
