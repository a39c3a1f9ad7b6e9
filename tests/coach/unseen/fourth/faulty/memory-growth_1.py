# %% Forecasting two steps ahead; we want to look at the residuals afterwards
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(81)
ts = torch.arange(1000).float()
series = torch.sin(ts / 9) * torch.cos(ts / 31) + 0.05 * torch.randn(1000)
series = (series - series.mean()) / series.std()
W = 16
X = torch.stack([series[i:i + W] for i in range(1000 - W - 1)])
y = series[W + 1:].unsqueeze(1)
dl = DataLoader(TensorDataset(X, y), batch_size=64, shuffle=True)

# %%
model = nn.Sequential(nn.Linear(W, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
residuals = []

# %%
for epoch in range(6):
    for xb, yb in dl:
        opt.zero_grad()
        pred = model(xb)
        loss = nn.functional.mse_loss(pred, yb)
        loss.backward()
        opt.step()
        residuals.append(pred - yb)  # coach: memory-growth; fix: .detach()
    print(epoch, loss.item())

# %%
last = torch.cat([r.detach() for r in residuals[-len(dl):]])
print("residual mean", last.mean().item(), "std", last.std().item())
# coach-also: loss-keeps-graph
