import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Subset, TensorDataset

torch.manual_seed(101)
K, EPOCHS = 4, 12

X = torch.randn(400, 6)
y = 0.7 * X[:, :1] * X[:, 1:2] + 0.6 * X[:, 2:3] + 0.1 * torch.randn(400, 1)
y = (y - y.mean()) / y.std()
dataset = TensorDataset(X, y)


def build_model():
    return nn.Sequential(nn.Linear(6, 32), nn.Tanh(), nn.Linear(32, 16), nn.Tanh(), nn.Linear(16, 1))


def train_fold(model, loader):
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    criterion = nn.MSELoss()
    model.train()
    for _ in range(EPOCHS):
        for xb, yb in loader:
            optimizer.zero_grad()
            criterion(model(xb), yb).backward()
            optimizer.step()


def test_fold(model, loader):
    model.eval()
    total = 0.0
    with torch.no_grad():
        for xb, yb in loader:
            total += ((model(xb) - yb) ** 2).sum().item()
    return total / len(loader.dataset)


permutation = torch.randperm(len(dataset)).tolist()
fold_size = len(dataset) // K
scores = []
for fold in range(K):
    held_out = permutation[fold * fold_size:(fold + 1) * fold_size]
    kept = permutation[:fold * fold_size] + permutation[(fold + 1) * fold_size:]
    model = build_model()
    train_fold(model, DataLoader(Subset(dataset, kept), batch_size=20, shuffle=True))
    scores.append(test_fold(model, DataLoader(Subset(dataset, held_out), batch_size=50)))
    print(f"fold {fold + 1}: mse {scores[-1]:.4f}")
print(f"mean mse over {K} folds: {sum(scores) / K:.4f}")
