# %% [1]
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(0)
X = torch.randn(160, 6)
Y = (X[:, 0] + 0.5 * X[:, 1] > 0).long()
train_set, test_set = random_split(TensorDataset(X, Y), [128, 32])
train_loader = DataLoader(train_set, batch_size=32, shuffle=True)
test_loader = DataLoader(test_set, batch_size=32)
# %% [2]
model = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Dropout(0.1), nn.Linear(24, 2))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
history = []
# %% [3]
model.train()
for epoch in range(3):
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
        history.append(loss.item())
# %% [4]
model.eval()
right = 0
with torch.no_grad():
    for xb, yb in test_loader:
        right += (model(xb).argmax(1) == yb).sum().item()
print(right / len(test_set))
# %% [3] rerun
# %% [4] rerun
# %% [3] rerun
# %% [4] rerun
# %% [5]
print(len(history), history[0], history[-1])
