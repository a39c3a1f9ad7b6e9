"""Fraud-like data: 8% positives, handled by inverse-frequency class weights."""
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(10)
n, n_pos = 500, 40
y = torch.zeros(n, dtype=torch.long)
y[:n_pos] = 1
x = torch.randn(n, 6)
x[:n_pos] += torch.tensor([1.5, -1.0, 0.5, 0.0, 1.0, -0.5])

counts = torch.bincount(y, minlength=2).float()
weights = counts.sum() / (2 * counts)
print("class weights", weights.tolist())

clf = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 2))
criterion = nn.CrossEntropyLoss(weight=weights)
optimizer = torch.optim.Adam(clf.parameters(), lr=1e-2)
loader = DataLoader(TensorDataset(x, y), batch_size=100, shuffle=True)

for epoch in range(10):
    clf.train()
    for xb, yb in loader:
        loss = criterion(clf(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

clf.eval()
with torch.no_grad():
    pred = clf(x).argmax(1)
recall = ((pred == 1) & (y == 1)).sum().item() / n_pos
fpr = ((pred == 1) & (y == 0)).sum().item() / (n - n_pos)
print(f"recall {recall:.2f} false positive rate {fpr:.2f}")
