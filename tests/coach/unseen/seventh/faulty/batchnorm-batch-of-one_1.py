# Flower measurements -> species (3 classes)
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)

per_class = [43, 43, 43]
centers = torch.tensor([[5.0, 3.4, 1.5, 0.2], [5.9, 2.8, 4.3, 1.3], [6.6, 3.0, 5.6, 2.0]])
X = torch.cat([c + 0.35 * torch.randn(k, 4) for c, k in zip(centers, per_class)])
y = torch.cat([torch.full((k,), i, dtype=torch.long) for i, k in enumerate(per_class)])
perm = torch.randperm(len(X))
X, y = X[perm], y[perm]

X_train, y_train = X[:97], y[:97]
X_test, y_test = X[97:], y[97:]
mean, std = X_train.mean(0), X_train.std(0)
X_train = (X_train - mean) / std
X_test = (X_test - mean) / std

loader = DataLoader(TensorDataset(X_train, y_train), batch_size=16, shuffle=True)  # coach: batchnorm-batch-of-one; fix: drop_last=True

model = nn.Sequential(
    nn.Linear(4, 16, bias=False),
    nn.BatchNorm1d(16),
    nn.ReLU(),
    nn.Linear(16, 3),
)
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

for epoch in range(15):
    model.train()
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(xb), yb)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        acc = (model(X_test).argmax(1) == y_test).float().mean()
    print("epoch", epoch, "test accuracy", acc.item())
