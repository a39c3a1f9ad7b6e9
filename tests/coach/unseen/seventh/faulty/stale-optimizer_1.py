# %%
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(59)

beta = torch.randn(6)
X = torch.randn(300, 6)
y = (torch.sin(X @ beta) + 0.1 * torch.randn(300)).unsqueeze(1)
y = (y - y.mean()) / y.std()


# %%
def build_model():
    return nn.Sequential(nn.Linear(6, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))


def kfold(n, k):
    parts = torch.randperm(n).split(n // k)
    for i in range(k):
        yield torch.cat([p for j, p in enumerate(parts) if j != i]), parts[i]


# %%
mse = nn.MSELoss()
model = build_model()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)  # coach: stale-optimizer; fix: model.parameters()

# %%
scores = []
for fold, (tr, va) in enumerate(kfold(len(X), 3)):
    model = build_model()  # coach-line: stale-optimizer
    loader = DataLoader(TensorDataset(X[tr], y[tr]), batch_size=20, shuffle=True)
    for epoch in range(5):
        model.train()
        for xb, yb in loader:
            opt.zero_grad()
            loss = mse(model(xb), yb)
            loss.backward()
            opt.step()
    model.eval()
    with torch.no_grad():
        scores.append(mse(model(X[va]), y[va]).item())
    print(f"fold {fold}: validation mse {scores[-1]:.4f}")

# %%
print("mean over folds:", sum(scores) / len(scores))
