import gradbook as torch
from gradbook import nn, optim
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
xs, ys = [], []
for digit in range(4):
    xs.append(torch.randn(80, 10) + 1.5 * torch.randn(10))
    ys.append(torch.full((80,), digit, dtype=torch.long))
X, y = torch.cat(xs), torch.cat(ys)
X = (X - X.mean(0)) / X.std(0)

train_loader = DataLoader(TensorDataset(X, y), batch_size=32)  # coach: not-shuffled; fix: shuffle=True
model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 4))
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=0.005)

for epoch in range(5):
    for data, target in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(data), target)
        loss.backward()
        optimizer.step()
    print(f"Epoch {epoch} loss {loss.item():.4f}")
# coach-also: class-imbalance
