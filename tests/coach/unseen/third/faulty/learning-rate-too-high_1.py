# %%
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(25)

# %%
# overlapping groups of customers, 12 standardised features, 4 groups
n, n_groups = 640, 4
typical = 0.8 * torch.randn(n_groups, 12)
y = torch.arange(n) % n_groups
X = typical[y] + torch.randn(n, 12)
X = (X - X.mean(0)) / X.std(0)

train_loader = DataLoader(TensorDataset(X[:480], y[:480]), batch_size=32, shuffle=True)
X_val, y_val = X[480:], y[480:]

# %%
net = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, n_groups))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(net.parameters(), lr=0.5)  # coach: learning-rate-too-high; fix: lr=

# %%
for epoch in range(12):
    net.train()
    running_loss = 0.0
    for inputs, labels in train_loader:
        optimizer.zero_grad()
        loss = criterion(net(inputs), labels)
        loss.backward()
        optimizer.step()  # coach-also: update-ratio-high
        running_loss += loss.item()
    net.eval()
    with torch.no_grad():
        accuracy = (net(X_val).argmax(1) == y_val).float().mean().item()
    print(f"epoch {epoch + 1}: loss {running_loss / len(train_loader):.4f}, val accuracy {accuracy:.3f}")
