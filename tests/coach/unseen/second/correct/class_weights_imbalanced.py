"""One class in ten: weighted cross-entropy, and balanced accuracy rather than accuracy."""
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
n_neg, n_pos = 360, 40
x = torch.cat([torch.randn(n_neg, 4), torch.randn(n_pos, 4) + 1.5])
y = torch.cat([torch.zeros(n_neg), torch.ones(n_pos)]).long()
perm = torch.randperm(len(y))
x, y = x[perm], y[perm]
x = (x - x[:300].mean(0)) / x[:300].std(0)

counts = torch.bincount(y[:300], minlength=2).float()
weights = counts.sum() / (2 * counts)
loader = DataLoader(TensorDataset(x[:300], y[:300]), batch_size=50, shuffle=True)
model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
criterion = nn.CrossEntropyLoss(weight=weights)

for epoch in range(8):
    model.train()
    total = 0.0
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
        total += loss.item() / len(loader)
    model.eval()
    with torch.no_grad():
        pred = model(x[300:]).argmax(1)
        recalls = [(pred[y[300:] == c] == c).float().mean().item() for c in (0, 1)]
    print(f"epoch {epoch} loss {total:.4f} balanced accuracy {sum(recalls) / 2:.3f}")
