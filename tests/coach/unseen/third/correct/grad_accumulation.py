"""Our laptops only fit 16 samples at a time, so four small batches make one update of 64."""
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(100)

BATCH, ACCUMULATE = 16, 4
prototypes = torch.randn(5, 14)


def make_dataset(n):
    y = torch.arange(n) % 5
    x = (prototypes[y] + torch.randn(n, 14)) / 2 ** 0.5
    return TensorDataset(x, y)


train_loader = DataLoader(make_dataset(640), batch_size=BATCH, shuffle=True)
val_loader = DataLoader(make_dataset(200), batch_size=100)
model = nn.Sequential(nn.Linear(14, 48), nn.ReLU(), nn.Dropout(0.1), nn.Linear(48, 5))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)


def train():
    model.train()
    running = 0.0
    optimizer.zero_grad()
    for i, (x, y) in enumerate(train_loader, start=1):
        loss = criterion(model(x), y)
        (loss / ACCUMULATE).backward()
        running += loss.item()
        if i % ACCUMULATE == 0:
            optimizer.step()
            optimizer.zero_grad()
    return running / len(train_loader)


def validate():
    model.eval()
    correct = 0
    with torch.no_grad():
        for x, y in val_loader:
            correct += (model(x).argmax(1) == y).sum().item()
    return correct / len(val_loader.dataset)


for epoch in range(6):
    print(f"epoch {epoch + 1}: loss {train():.4f}  val acc {validate():.3f}")
