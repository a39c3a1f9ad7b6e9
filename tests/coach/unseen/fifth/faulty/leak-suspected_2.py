import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(17)
K, N = 4, 200
x = torch.randn(N, 20)
y = (x[:, 0] + x[:, 1] * x[:, 2] + 0.5 * torch.randn(N) > 0).long()

perm = torch.randperm(N)
folds = [perm[i::K] for i in range(K)]


def build():
    return nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 2))


scores = []
for k in range(K):
    val_idx = folds[k]
    train_idx = torch.cat([f for f in folds])  # coach: leak-suspected; fix: != k
    net = build()
    opt = torch.optim.Adam(net.parameters(), lr=3e-3)
    for epoch in range(12):
        net.train()
        order = train_idx[torch.randperm(len(train_idx))]
        for start in range(0, len(order), 25):
            b = order[start:start + 25]
            opt.zero_grad()
            loss = F.cross_entropy(net(x[b]), y[b])
            loss.backward()
            opt.step()
    net.eval()
    with torch.no_grad():
        acc = (net(x[val_idx]).argmax(1) == y[val_idx]).float().mean().item()
    scores.append(acc)
    print(f"fold {k}: {acc:.3f}")
print("mean", sum(scores) / K)
