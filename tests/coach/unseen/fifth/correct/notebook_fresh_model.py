# %%
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

# %%
torch.manual_seed(111)
keys = torch.randn(5, 18)
y = torch.randint(0, 5, (480,))
x = keys[y] + 0.9 * torch.randn(480, 18)
x = (x - x.mean(0)) / x.std(0)
loader = DataLoader(TensorDataset(x[:400], y[:400]), batch_size=40, shuffle=True)

# %% [train]
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(18, 28), nn.ReLU(), nn.Linear(28, 5))
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
curve = []
for epoch in range(6):
    net.train()
    tot = 0.0
    for xb, yb in loader:
        opt.zero_grad()
        loss = F.cross_entropy(net(xb), yb)
        loss.backward()
        opt.step()
        tot += loss.item()
    curve.append(tot / len(loader))

# %% [eval]
net.eval()
with torch.no_grad():
    acc = (net(x[400:]).argmax(1) == y[400:]).float().mean().item()
print("val", acc, [round(c, 3) for c in curve])

# %% [train] rerun

# %% [eval] rerun
