"""Five-fold cross-validation: a fresh model, optimizer and normalisation for each fold."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)
x = 3 + 2 * torch.randn(150, 4)
y = (x[:, 0] + x[:, 1] - x[:, 2] > 3).float()


def folds(n, k):
    parts = torch.randperm(n).chunk(k)
    for i in range(k):
        yield torch.cat([p for j, p in enumerate(parts) if j != i]), parts[i]


def fit_and_score(train, test, seed):
    torch.manual_seed(seed)
    mean, std = x[train].mean(0), x[train].std(0)
    xtr, xte = (x[train] - mean) / std, (x[test] - mean) / std
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
    opt = torch.optim.Adam(model.parameters(), lr=2e-2)
    first = last = None
    for epoch in range(8):
        for idx in torch.randperm(len(train)).split(30):
            opt.zero_grad()
            loss = F.binary_cross_entropy_with_logits(model(xtr[idx]).squeeze(1), y[train][idx])
            loss.backward()
            opt.step()
            first = loss.item() if first is None else first
            last = loss.item()
    model.eval()
    with torch.no_grad():
        acc = ((model(xte).squeeze(1) > 0).float() == y[test]).float().mean().item()
    return first, last, acc


scores = []
for k, (train, test) in enumerate(folds(150, 5)):
    first, last, acc = fit_and_score(train, test, seed=k)
    scores.append(acc)
    print(f"fold {k}: loss {first:.3f} -> {last:.3f}, accuracy {acc:.3f}")
print("mean accuracy", sum(scores) / len(scores))
