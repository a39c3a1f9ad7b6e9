import numpy as np
import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import TensorDataset, DataLoader

torch.manual_seed(55)
rng = np.random.default_rng(55)
X = rng.normal(size=(512, 20)).astype(np.float32)
w = rng.normal(size=20)
y = X @ w + 0.5 * X[:, 0] * X[:, 1] + rng.normal(0, 0.2, 512)
y = ((y - y[:400].mean()) / y[:400].std()).astype(np.float32).reshape(-1, 1)
X_tr, X_va, y_tr, y_va = (torch.tensor(a) for a in (X[:400], X[400:], y[:400], y[400:]))

config = dict(
    hidden=64,
    lr=0.8,  # coach: loss-diverged; fix: lr=
    momentum=0.9,
    batch_size=40,
    epochs=4,
)

model = nn.Sequential(nn.Linear(20, config["hidden"]), nn.ReLU(), nn.Linear(config["hidden"], 1))
optimizer = torch.optim.SGD(model.parameters(), lr=config["lr"], momentum=config["momentum"])  # coach-line: loss-diverged
criterion = nn.MSELoss()
loader = DataLoader(TensorDataset(X_tr, y_tr), batch_size=config["batch_size"], shuffle=True)

for epoch in range(config["epochs"]):
    model.train()
    for step, (xb, yb) in enumerate(loader):
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)  # coach-also: learning-rate-too-high
        loss.backward()  # coach-also: exploding-gradients
        optimizer.step()  # coach-also: update-ratio-high
    model.eval()
    with torch.no_grad():
        val = criterion(model(X_va), y_va).item()
    print(f"epoch {epoch}: train {loss.item():.4g} val {val:.4g}")  # coach-also: nan-origin
