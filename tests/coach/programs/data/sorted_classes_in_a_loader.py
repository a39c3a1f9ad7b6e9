import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

centers = torch.tensor([[2.0, 0.0], [0.0, 2.0], [-2.0, -2.0]])
x = torch.cat([torch.randn(40, 2) + c for c in centers])
y = torch.cat([torch.full((40,), k) for k in range(3)]).long()
train_loader = DataLoader(TensorDataset(x, y), batch_size=20)  # coach: not-shuffled; fix: batch_size=20, shuffle=True)
model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(5):
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(xb), yb)
        loss.backward()
        optimizer.step()
