# %%
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(42)

# %%
def blobs(n, centres):
    lab = torch.arange(n) % len(centres)
    return centres[lab] + 0.9 * torch.randn(n, centres.shape[1]), lab

centres = torch.randn(3, 14)
xtr, ytr = blobs(720, centres)
xva, yva = blobs(240, centres)
m, s = xtr.mean(0), xtr.std(0)
xtr, xva = (xtr - m) / s, (xva - m) / s
train_dl = DataLoader(TensorDataset(xtr, ytr), batch_size=48, shuffle=True)
val_dl = DataLoader(TensorDataset(xva, yva), batch_size=60)

# %%
# mean-teacher style student: heavy dropout
student = nn.Sequential(
    nn.Linear(14, 64), nn.ReLU(), nn.Dropout(0.4),
    nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.4),
    nn.Linear(64, 3),
)
opt = torch.optim.Adam(student.parameters(), lr=1e-3)

def evaluate():
    hits = n = 0
    with torch.no_grad():  # coach: eval-mode-missing; fix: student.eval()
        for xb, yb in val_dl:
            hits += (student(xb).argmax(1) == yb).sum().item()  # coach-line: eval-mode-missing
            n += len(yb)
    return hits / n

# %%
for epoch in range(5):
    student.train()
    for xb, yb in train_dl:
        loss = F.cross_entropy(student(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(f"epoch {epoch}: train loss {loss.item():.3f}, val acc {evaluate():.3f}")
