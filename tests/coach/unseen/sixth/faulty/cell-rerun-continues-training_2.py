# %%
import math
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(5)

# %%
# dose-response: normalised concentration -> response, with noise
dose = torch.rand(256, 1) * 4 - 2
resp = torch.sigmoid(3 * dose) + 0.2 * torch.sin(math.pi * dose) + 0.05 * torch.randn(256, 1)
resp = (resp - resp.mean()) / resp.std()
loader = DataLoader(TensorDataset(dose, resp), batch_size=32, shuffle=True)

# %%
net = nn.Sequential(nn.Linear(1, 24), nn.Tanh(), nn.Linear(24, 24), nn.Tanh(), nn.Linear(24, 1))  # coach-line: cell-rerun-continues-training
optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)  # coach-line: cell-rerun-continues-training
loss_fn = nn.MSELoss()

# %% [fit]
curve = []
for epoch in range(8):  # coach: cell-rerun-continues-training; fix: net = nn.Sequential(
    running = 0.0
    for d, r in loader:
        optimizer.zero_grad()
        loss = loss_fn(net(d), r)
        loss.backward()
        optimizer.step()
        running += loss.item()
    curve.append(running / len(loader))
print("start", curve[0], "end", curve[-1])

# %% [fit] rerun

# %%
grid = torch.linspace(-2, 2, 5).unsqueeze(1)
net.eval()
with torch.no_grad():
    print(net(grid).squeeze(1))
