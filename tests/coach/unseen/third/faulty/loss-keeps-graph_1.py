# Predict disease progression from ten patient measurements (regression)
import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(3)

n = 600
X = torch.randn(n, 10)
y = torch.tanh(X[:, 0] + 0.5 * X[:, 3]) + 0.4 * X[:, 7] + 0.1 * torch.randn(n)
y = ((y - y.mean()) / y.std()).unsqueeze(1)

train_ds = TensorDataset(X[:480], y[:480])
test_ds = TensorDataset(X[480:], y[480:])
train_dl = DataLoader(train_ds, batch_size=24, shuffle=True)
test_dl = DataLoader(test_ds, batch_size=60)

model = nn.Sequential(
    nn.Linear(10, 32),
    nn.ReLU(),
    nn.Linear(32, 16),
    nn.ReLU(),
    nn.Linear(16, 1),
)
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.003)

history = []
for epoch in range(8):
    model.train()
    total_loss = 0
    for features, target in train_dl:
        optimizer.zero_grad()
        prediction = model(features)
        loss = criterion(prediction, target)
        loss.backward()
        optimizer.step()
        total_loss += loss * len(features)  # coach: loss-keeps-graph; fix: loss.item()
    history.append(total_loss / len(train_ds))  # coach-also: memory-growth

    model.eval()
    test_loss = 0.0
    with torch.no_grad():
        for features, target in test_dl:
            test_loss += criterion(model(features), target).item() * len(features)
    print(f"Epoch {epoch + 1:2d} | train MSE {history[-1]:.4f} | test MSE {test_loss / len(test_ds):.4f}")

print("best epoch:", min(range(len(history)), key=lambda i: history[i]) + 1)
