import gradbook as torch
from gradbook import nn, optim
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(93)
X = torch.randn(200, 4)
y = (X[:, 0] > X[:, 1]).long()
loader = DataLoader(TensorDataset(X, y), batch_size=20, shuffle=True)
model = nn.Sequential(nn.Linear(4, 12), nn.ReLU(), nn.Linear(12, 2))
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=1e-2)

for epoch in range(3):
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
    correct = 0
    with torch.no_grad():
        for xb, yb in loader:
            pred = model(xb).argmax(dim=1)
            correct += (pred == yb).item()  # coach: item-on-non-scalar; fix: .sum()
    print(f"epoch {epoch} accuracy {correct / len(X):.3f}")
