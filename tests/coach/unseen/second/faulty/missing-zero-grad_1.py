import gradbook as torch
from gradbook import nn, optim
from gradbook.utils.data import TensorDataset, DataLoader

torch.manual_seed(0)
X = torch.randn(200, 6)
true_w = torch.tensor([[1.5], [-2.0], [0.3], [0.0], [0.7], [1.1]])
y = X @ true_w + 0.1 * torch.randn(200, 1)

train_loader = DataLoader(TensorDataset(X, y), batch_size=20, shuffle=True)

model = nn.Linear(6, 1)
criterion = nn.MSELoss()
optimizer = optim.SGD(model.parameters(), lr=0.05)

for epoch in range(5):
    total = 0.0
    for xb, yb in train_loader:
        pred = model(xb)
        loss = criterion(pred, yb)
        loss.backward()  # coach: missing-zero-grad; fix: optimizer.zero_grad()
        optimizer.step()
        total += loss.item()
    print(f"epoch {epoch} loss {total / len(train_loader):.4f}")
# coach-also: learning-rate-too-high, loss-diverged, exploding-gradients, loss-plateau
