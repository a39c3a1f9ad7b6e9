import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(31)

# iris-like: 3 species, 4 measurements
per = 400
centers = torch.tensor([[1.0, 0.0, -1.0, 0.5], [-1.0, 1.0, 0.5, 0.0], [0.0, -1.0, 0.5, -1.0]])
X = torch.cat([c + 0.6 * torch.randn(per, 4) for c in centers])
y = torch.cat([torch.full((per,), k).long() for k in range(3)])
X = (X - X.mean(0)) / X.std(0)

# shuffle before splitting
X = X[torch.randperm(len(X))]  # coach-line: loss-plateau
y = y[torch.randperm(len(y))]  # coach: loss-plateau

X_train, X_test, y_train, y_test = X[:1000], X[1000:], y[:1000], y[1000:]
train_loader = DataLoader(TensorDataset(X_train, y_train), batch_size=50, shuffle=True)

model = nn.Sequential(nn.Linear(4, 10), nn.ReLU(), nn.Linear(10, 3))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)

for epoch in range(12):
    model.train()
    epoch_loss = 0.0
    for inputs, species in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs), species)
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item()
    model.eval()
    with torch.no_grad():
        test_acc = (model(X_test).argmax(dim=1) == y_test).float().mean().item()
    print("Epoch {}: loss {:.4f}, test acc {:.3f}".format(epoch + 1, epoch_loss / len(train_loader), test_acc))
