# %%
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(50)
X = torch.randn(600, 8)
y = (X[:, 0] + X[:, 1] * X[:, 2] > 0).long()
loader = DataLoader(TensorDataset(X, y), batch_size=50, shuffle=True)

# %% [model]
model = nn.Sequential(nn.Linear(8, 24), nn.ReLU(), nn.Linear(24, 2))  # coach-line: cell-rerun-continues-training
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)  # coach-line: cell-rerun-continues-training
criterion = nn.CrossEntropyLoss()

# %% [train]
for epoch in range(5):  # coach: cell-rerun-continues-training
    losses = []
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(f"epoch {epoch + 1}/5 loss {sum(losses) / len(losses):.4f}")

# %% [train] rerun

# %% [report]
model.eval()
with torch.no_grad():
    print("accuracy after 5 epochs:", (model(X).argmax(1) == y).float().mean().item())
