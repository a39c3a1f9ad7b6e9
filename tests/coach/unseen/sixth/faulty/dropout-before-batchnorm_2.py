import gradbook as torch
import gradbook.nn as nn
import gradbook.optim as optim
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(42)

# QSAR-like regression: 24 descriptors -> (standardised) activity
X = torch.randn(600, 24)
w = torch.randn(24) / 24 ** 0.5
activity = torch.tanh(X @ w) + 0.3 * X[:, 1] * X[:, 2] + 0.1 * torch.randn(600)
activity = ((activity - activity.mean()) / activity.std()).unsqueeze(1)

train_set = TensorDataset(X[:480], activity[:480])
valid_set = TensorDataset(X[480:], activity[480:])
train_loader = DataLoader(train_set, batch_size=32, shuffle=True)
valid_loader = DataLoader(valid_set, batch_size=60)

model = nn.Sequential(
    nn.Linear(24, 48),
    nn.ReLU(),
    nn.Dropout(0.25),  # coach: dropout-before-batchnorm
    nn.BatchNorm1d(48),  # coach-line: dropout-before-batchnorm
    nn.Linear(48, 24),
    nn.ReLU(),
    nn.Linear(24, 1),
)
loss_func = nn.MSELoss()
optimizer = optim.Adam(model.parameters(), lr=2e-3)


def run_validation():
    model.eval()
    s = 0.0
    with torch.no_grad():
        for xb, yb in valid_loader:
            s += loss_func(model(xb), yb).item() * len(xb)
    model.train()
    return s / len(valid_set)


model.train()
for epoch in range(1, 9):
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = loss_func(model(xb), yb)
        loss.backward()
        optimizer.step()
    print("epoch %d  valid mse %.4f" % (epoch, run_validation()))
