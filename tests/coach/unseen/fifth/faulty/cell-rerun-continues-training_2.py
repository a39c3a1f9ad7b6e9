# %%
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(7)

# %%
W = torch.randn(15, 4)
x = torch.randn(512, 15)
y = (x @ W).argmax(1)
loader = DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True)

# %%
net = nn.Sequential(nn.Linear(15, 32), nn.ReLU(), nn.Linear(32, 4))  # coach-line: cell-rerun-continues-training
opt = torch.optim.Adam(net.parameters(), lr=2e-3)  # coach-line: cell-rerun-continues-training

# %% [train]
history = []
for epoch in range(5):  # coach: cell-rerun-continues-training
    total = 0.0
    for xb, yb in loader:
        opt.zero_grad()  # coach-line: cell-rerun-continues-training
        loss = F.cross_entropy(net(xb), yb)
        loss.backward()  # coach-line: cell-rerun-continues-training
        opt.step()  # coach-line: cell-rerun-continues-training
        total += loss.item()
    history.append(total / len(loader))
print("loss after 5 epochs", history[-1])

# %% [train] rerun

# %%
print("reported curve:", [round(h, 3) for h in history])
