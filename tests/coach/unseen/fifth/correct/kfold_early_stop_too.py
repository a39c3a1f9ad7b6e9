import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(101)
K, N = 3, 600
w = torch.randn(12)
x = torch.randn(N, 12)
y = (x @ w + 0.5 * torch.randn(N) > 0).long()
perm = torch.randperm(N)
folds = [perm[i::K] for i in range(K)]


def fit(train_idx, val_idx, patience=3):
    net = nn.Sequential(nn.Linear(12, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 2))
    opt = torch.optim.AdamW(net.parameters(), lr=5e-3, weight_decay=1e-2)
    best, best_state, bad = float("inf"), None, 0
    for _ in range(15):
        net.train()
        for b in train_idx[torch.randperm(len(train_idx))].split(50):
            opt.zero_grad()
            F.cross_entropy(net(x[b]), y[b]).backward()
            opt.step()
        net.eval()
        with torch.no_grad():
            v = F.cross_entropy(net(x[val_idx]), y[val_idx]).item()
        if v < best:
            best, bad = v, 0
            best_state = {k: t.clone() for k, t in net.state_dict().items()}
        else:
            bad += 1
            if bad == patience:
                break
    net.load_state_dict(best_state)
    net.eval()
    with torch.no_grad():
        return (net(x[val_idx]).argmax(1) == y[val_idx]).float().mean().item()


for k in range(K):
    tr = torch.cat([f for j, f in enumerate(folds) if j != k])
    print(f"fold {k}", fit(tr, folds[k]))
