# %%
import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(17)

# %%
# card transactions, a few of them fraud
N = 2000
fraud = (torch.rand(N) < 0.03).float()
shift = torch.tensor([0.8, -0.6, 0.7, 0.0, 0.5, 0.0])
tx = torch.randn(N, 6) + fraud.unsqueeze(1) * shift
tx = (tx - tx.mean(0)) / tx.std(0)
print("fraud rate:", fraud.mean().item())

# %%
train_ds = TensorDataset(tx[:1500], fraud[:1500])
train_dl = DataLoader(train_ds, batch_size=100, shuffle=True)  # coach-line: class-imbalance
x_test, y_test = tx[1500:], fraud[1500:]

detector = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 1))
bce = nn.BCEWithLogitsLoss()  # coach: class-imbalance; fix: pos_weight=
opt = torch.optim.Adam(detector.parameters(), lr=5e-3)

# %%
for epoch in range(10):
    detector.train()
    total = 0.0
    for x, y in train_dl:
        opt.zero_grad()
        loss = bce(detector(x).squeeze(1), y)
        loss.backward()
        opt.step()
        total += loss.item()
    print(f"epoch {epoch} loss {total / len(train_dl):.4f}")

# %%
detector.eval()
with torch.no_grad():
    flagged = (detector(x_test).squeeze(1) > 0).float()  # coach-also: constant-predictions
accuracy = (flagged == y_test).float().mean().item()
print(f"accuracy {accuracy:.3f}, caught {int((flagged * y_test).sum().item())} of {int(y_test.sum().item())}")
