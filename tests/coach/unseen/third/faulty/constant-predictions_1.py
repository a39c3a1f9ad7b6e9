# %%
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(29)

# %%
# will a customer come back? about one in five does
n = 1200
returns = (torch.rand(n) < 0.2).long()
profile = torch.randn(n, 8)
profile[:, 0] += 0.6 * returns
profile[:, 3] -= 0.6 * returns
profile = (profile - profile.mean(0)) / profile.std(0)
train_loader = DataLoader(TensorDataset(profile[:900], returns[:900]), batch_size=60, shuffle=True)
x_val, y_val = profile[900:], returns[900:]

# %%
counts = torch.bincount(returns[:900], minlength=2).float()
class_weight = counts / counts.sum()  # coach: constant-predictions
print("class weights", class_weight.tolist())

# %%
net = nn.Sequential(nn.Linear(8, 24), nn.ReLU(), nn.Linear(24, 2))
opt = torch.optim.Adam(net.parameters(), lr=3e-3)

for epoch in range(12):
    net.train()
    for xb, yb in train_loader:
        opt.zero_grad()
        loss = F.cross_entropy(net(xb), yb, weight=class_weight)  # coach-line: constant-predictions
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        pred = net(x_val).argmax(dim=1)
        acc = (pred == y_val).float().mean().item()
    print(f"{epoch:2d} loss {loss.item():.3f} val acc {acc:.3f}")

# %%
confusion = torch.zeros(2, 2, dtype=torch.long)
for t, p in zip(y_val.tolist(), pred.tolist()):
    confusion[t, p] += 1
print(confusion)  # coach-also: class-imbalance
