# %% [imports]
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

# %% [data]
torch.manual_seed(100)
season = torch.arange(500).float()
y = torch.sin(season / 6) + 0.1 * torch.randn(500)
y = (y - y.mean()) / y.std()
lags = torch.stack([y[k:k + 10] for k in range(490)])
nxt = y[10:].unsqueeze(1)
loader = DataLoader(TensorDataset(lags, nxt), batch_size=49, shuffle=True)

# %% [model]
net = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 1))  # coach-line: cell-rerun-continues-training
opt = torch.optim.Adam(net.parameters(), lr=1e-3)  # coach-line: cell-rerun-continues-training
curves = {}

# %% [train]
batch_losses = []
for epoch in range(4):  # coach: cell-rerun-continues-training
    for x, t in loader:
        opt.zero_grad()
        loss = nn.functional.mse_loss(net(x), t)
        loss.backward()
        opt.step()
        batch_losses.append(loss.item())
curves[f"run {len(curves) + 1}"] = batch_losses
print({k: (round(v[0], 3), round(v[-1], 3)) for k, v in curves.items()})

# %% [train] rerun
# %% [train] rerun

# %% [compare]
finals = torch.tensor([v[-1] for v in curves.values()])
print("spread over three runs:", finals.mean().item(), "+-", finals.std().item())
