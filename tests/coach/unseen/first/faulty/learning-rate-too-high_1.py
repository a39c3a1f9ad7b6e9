import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
X = torch.randn(300, 8)
y = (X[:, 0] + X[:, 1] * X[:, 2] > 0).long()
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=1.0)  # coach: learning-rate-too-high; fix: lr=
criterion = nn.CrossEntropyLoss()
for epoch in range(6):
    for xb, yb in DataLoader(TensorDataset(X, y), batch_size=32, shuffle=True):
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
# coach-also: update-ratio-high, loss-diverged, dead-relu, exploding-gradients
