import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

X = torch.randn(120, 7)
Y = (X[:, 0] > X[:, 1]).long()
loader = DataLoader(TensorDataset(X[:100], Y[:100]), batch_size=10, shuffle=True)
model = nn.Sequential(nn.Linear(7, 14), nn.ReLU(), nn.Dropout(0.3), nn.Linear(14, 2))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

for epoch in range(3):
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()

outputs = model(X[100:])  # coach: eval-mode-missing; fix: model.eval()
_, predicted = torch.max(outputs, 1)
print("accuracy:", (predicted == Y[100:]).float().mean().item())
