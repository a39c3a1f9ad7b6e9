"""Exercise 5, transfer learning: learn 6 classes first, then reuse the body for 3 new ones."""
import gradbook as torch
from gradbook import nn, optim
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(2)


class Net(nn.Module):
    def __init__(self, n_in, n_classes):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(n_in, 40), nn.ReLU(), nn.Linear(40, 24), nn.ReLU())
        self.head = nn.Linear(24, n_classes)

    def forward(self, x):
        return self.head(self.body(x))


def blobs(n, classes, dim=12):
    means = torch.randn(classes, dim)
    y = torch.arange(n) % classes
    x = means[y] + 0.9 * torch.randn(n, dim)
    return DataLoader(TensorDataset((x - x.mean(0)) / x.std(0), y), batch_size=32, shuffle=True)


def train(model, loader, optimizer, epochs):
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        total = 0.0
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(xb), yb)
            loss.backward()
            optimizer.step()
            total += loss.item()
        print(f"  epoch {epoch + 1}: {total / len(loader):.4f}")


source, target = blobs(384, classes=6), blobs(192, classes=3)

model = Net(12, 6)
optimizer = optim.Adam(model.parameters(), lr=3e-3)  # coach-line: stale-optimizer
print("source task")
train(model, source, optimizer, epochs=5)

model.head = nn.Linear(24, 3)  # coach: stale-optimizer; fix: .parameters()
print("target task")
train(model, target, optimizer, epochs=5)
