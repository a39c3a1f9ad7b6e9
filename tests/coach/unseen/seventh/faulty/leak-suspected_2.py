import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, Subset, TensorDataset

torch.manual_seed(14)
N, DIM, K = 300, 16, 3
x = torch.randn(N, DIM)
y = ((x @ torch.randn(DIM)) + 1.0 * torch.randn(N) > 0).long()
data = TensorDataset(x, y)


def fold_indices(n, k):
    order = torch.randperm(n)
    return [chunk.tolist() for chunk in order.chunk(k)]


def split(folds, k):
    held_out = folds[k]
    rest = [i for fold in folds[:k] + folds[k:] for i in fold]  # coach: leak-suspected; fix: folds[k + 1:]
    return rest, held_out


def new_model():
    net = nn.Sequential(nn.Linear(DIM, 32), nn.ReLU(), nn.Linear(32, 2))
    return net, torch.optim.Adam(net.parameters(), lr=3e-3)


def fit(net, opt, loader, epochs):
    net.train()
    for _ in range(epochs):
        for xb, yb in loader:
            loss = F.cross_entropy(net(xb), yb)
            opt.zero_grad()
            loss.backward()
            opt.step()
    return loss.item()


@torch.no_grad()
def score(net, loader):
    net.eval()
    return sum((net(xb).argmax(1) == yb).sum().item() for xb, yb in loader) / len(loader.dataset)


folds = fold_indices(N, K)
scores = []
for k in range(K):
    train_idx, val_idx = split(folds, k)
    train_loader = DataLoader(Subset(data, train_idx), batch_size=50, shuffle=True)  # coach-line: leak-suspected
    val_loader = DataLoader(Subset(data, val_idx), batch_size=50)  # coach-line: leak-suspected
    net, opt = new_model()
    last = fit(net, opt, train_loader, epochs=20)
    scores.append(score(net, val_loader))
    print(f"fold {k}: last loss {last:.3f} train {score(net, train_loader):.3f} val {scores[-1]:.3f}")
print("cv accuracy", sum(scores) / K)
