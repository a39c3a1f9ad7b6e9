import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

CFG = {
    "seed": 1,
    "hidden": 256,  # coach-line: overfitting
    "lr": 1e-3,
    "batch": 16,
    "epochs": 60,  # coach: overfitting
}

torch.manual_seed(CFG["seed"])
w = torch.randn(20)
X = torch.randn(280, 20)
y = ((X @ w) / w.norm() + 1.0 * torch.randn(280) > 0).long()
Xtr, ytr, Xva, yva = X[:80], y[:80], X[80:], y[80:]
train_loader = DataLoader(TensorDataset(Xtr, ytr), batch_size=CFG["batch"], shuffle=True)
val_loader = DataLoader(TensorDataset(Xva, yva), batch_size=100)

h = CFG["hidden"]
model = nn.Sequential(nn.Linear(20, h), nn.ReLU(), nn.Linear(h, h), nn.ReLU(), nn.Linear(h, 2))  # coach-line: overfitting
optimizer = torch.optim.Adam(model.parameters(), lr=CFG["lr"])  # coach-line: overfitting
criterion = nn.CrossEntropyLoss()


def run_epoch(loader, train):
    model.train(train)
    loss_sum = hits = count = 0
    with torch.set_grad_enabled(train):
        for xb, yb in loader:
            logits = model(xb)
            loss = criterion(logits, yb)
            if train:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            loss_sum += loss.item() * len(yb)
            hits += (logits.argmax(1) == yb).sum().item()
            count += len(yb)
    return loss_sum / count, hits / count


for epoch in range(CFG["epochs"]):  # coach-line: overfitting
    tl, ta = run_epoch(train_loader, True)
    vl, va = run_epoch(val_loader, False)
    if epoch % 10 == 0 or epoch == CFG["epochs"] - 1:
        print(f"{epoch:3d} train {tl:.3f}/{ta:.2f} val {vl:.3f}/{va:.2f}")
