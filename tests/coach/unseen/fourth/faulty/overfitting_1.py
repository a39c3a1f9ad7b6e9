import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import TensorDataset, DataLoader

torch.manual_seed(1)

# sixty labelled customers, twenty survey answers each; churn hangs on three of them
def survey(n):
    a = torch.randn(n, 20)
    churn = (a[:, 0] + a[:, 1] - a[:, 2] + 1.0 * torch.randn(n) > 0).long()
    return a, churn

xtr, ytr = survey(60)
xva, yva = survey(300)

clf = nn.Sequential(nn.Linear(20, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 2))  # coach: overfitting
adam = torch.optim.Adam(clf.parameters(), lr=1e-3)  # coach-line: overfitting
ce = nn.CrossEntropyLoss()
train_dl = DataLoader(TensorDataset(xtr, ytr), batch_size=20, shuffle=True)

for epoch in range(60):  # coach-line: overfitting
    clf.train()
    for xb, yb in train_dl:
        adam.zero_grad()
        loss = ce(clf(xb), yb)
        loss.backward()
        adam.step()
    clf.eval()
    with torch.no_grad():
        val_out = clf(xva)
        val_loss = ce(val_out, yva).item()
        val_acc = (val_out.argmax(1) == yva).float().mean().item()
    if epoch % 10 == 9:
        print(f"[{epoch + 1}] train {loss.item():.3f} val {val_loss:.3f} val acc {val_acc:.3f}")
