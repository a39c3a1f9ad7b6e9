# smooth regression on a small table: full batch L-BFGS
import numpy as np
import gradbook as torch
from gradbook import nn

torch.manual_seed(44)
rng = np.random.default_rng(44)
X = rng.uniform(-1, 1, size=(260, 3)).astype(np.float32)
y = np.sin(3 * X[:, 0]) + X[:, 1] ** 2 - 0.5 * X[:, 2] + rng.normal(0, 0.05, 260)
y = ((y - y[:200].mean()) / y[:200].std()).astype(np.float32)
X_tr, y_tr = torch.tensor(X[:200]), torch.tensor(y[:200]).view(-1, 1)
X_te, y_te = torch.tensor(X[200:]), torch.tensor(y[200:]).view(-1, 1)

model = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 1))
mse = nn.MSELoss()
optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=5, history_size=10)


def closure():
    optimizer.zero_grad()
    penalty = sum((p ** 2).sum() for p in model.parameters())
    loss = mse(model(X_tr), y_tr) + 1e-4 * penalty
    loss.backward()
    return loss


for it in range(12):
    model.train()
    loss = optimizer.step(closure)
    model.eval()
    with torch.no_grad():
        test = mse(model(X_te), y_te).item()
    print(f"iter {it} train {float(loss):.4f} test {test:.4f}")
