import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(90)

# 60 patients, 30 biomarkers, noisy outcome
X = torch.randn(260, 30)
prob = torch.sigmoid(2.0 * X[:, 0] - 1.6 * X[:, 4])
y = (torch.rand(260) < prob).long()
X_tr, y_tr = X[:60], y[:60]
X_va, y_va = X[60:], y[60:]

train_dl = DataLoader(TensorDataset(X_tr, y_tr), batch_size=15, shuffle=True)
val_dl = DataLoader(TensorDataset(X_va, y_va), batch_size=100)

model = nn.Sequential(  # coach-line: overfitting
    nn.Linear(30, 128), nn.ReLU(),
    nn.Linear(128, 128), nn.ReLU(),
    nn.Linear(128, 2),
)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)  # coach-line: overfitting

for epoch in range(60):  # coach: overfitting
    model.train()
    tr = 0.0
    for xb, yb in train_dl:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(xb), yb)
        loss.backward()
        optimizer.step()
        tr += loss.item() * len(xb) / len(X_tr)
    model.eval()
    va, ok = 0.0, 0
    with torch.no_grad():
        for xb, yb in val_dl:
            out = model(xb)
            va += F.cross_entropy(out, yb).item() * len(xb) / len(X_va)
            ok += (out.argmax(1) == yb).sum().item()
    if epoch % 10 == 9:
        print(f"epoch {epoch + 1}: train {tr:.3f} val {va:.3f} val acc {ok / len(X_va):.3f}")
