# is the cell cancerous? toy biology data with 8 features
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(42)

n = 2000
cells = torch.randn(n, 8)
label = ((cells[:, 0] + cells[:, 1] - cells[:, 2]) > 0).long()

# mix the rows before splitting
perm = torch.randperm(n)
cells = cells[perm]  # coach: loss-plateau; fix: label[perm]

n_train = 1600
train_dl = DataLoader(TensorDataset(cells[:n_train], label[:n_train]), batch_size=64, shuffle=True)  # coach-line: loss-plateau
val_dl = DataLoader(TensorDataset(cells[n_train:], label[n_train:]), batch_size=100)

classifier = nn.Sequential(nn.Linear(8, 12), nn.ReLU(), nn.Linear(12, 2))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(classifier.parameters(), lr=0.003)

for epoch in range(12):
    classifier.train()
    train_loss = 0.0
    for xb, yb in train_dl:
        optimizer.zero_grad()
        loss = criterion(classifier(xb), yb)
        loss.backward()
        optimizer.step()
        train_loss += loss.item()
    classifier.eval()
    hits, count = 0, 0
    with torch.no_grad():
        for xb, yb in val_dl:
            hits += (classifier(xb).argmax(1) == yb).sum().item()
            count += len(yb)
    print("epoch", epoch, "loss", round(train_loss / len(train_dl), 4), "val acc", round(hits / count, 3))
