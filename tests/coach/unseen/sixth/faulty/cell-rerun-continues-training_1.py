# %%
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(7)
n = 600
X = torch.randn(n, 9)
price = 1.5 * X[:, 0] - X[:, 3] * X[:, 4] + 0.2 * torch.randn(n)
y = ((price - price.mean()) / price.std()).unsqueeze(1)
train_loader = DataLoader(TensorDataset(X[:480], y[:480]), batch_size=48, shuffle=True)
X_val, y_val = X[480:], y[480:]

# %%
def make_model():
    return nn.Sequential(nn.Linear(9, 32), nn.ReLU(), nn.Linear(32, 1))


def evaluate(model):
    model.eval()
    with torch.no_grad():
        rmse = nn.functional.mse_loss(model(X_val), y_val).sqrt().item()
    model.train()
    return rmse

# %%
model = make_model()  # coach-line: cell-rerun-continues-training
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)  # coach-line: cell-rerun-continues-training
results = {}

# %% [experiment]
torch.manual_seed(0)
for epoch in range(4):  # coach: cell-rerun-continues-training; fix: make_model()
    for xb, yb in train_loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(xb), yb)
        loss.backward()
        optimizer.step()  # coach-line: cell-rerun-continues-training
results[len(results)] = evaluate(model)
print("run", len(results), "rmse", round(results[len(results) - 1], 4))

# %%
print("is it reproducible?")

# %% [experiment] rerun

# %%
print(results)
