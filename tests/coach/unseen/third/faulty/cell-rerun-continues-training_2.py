# %%
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import TensorDataset, DataLoader

torch.manual_seed(11)

# %%
class Regressor(nn.Module):
    def __init__(self, d_in, width):
        super().__init__()
        self.hidden = nn.Linear(d_in, width)
        self.out = nn.Linear(width, 1)

    def forward(self, x):
        return self.out(torch.tanh(self.hidden(x))).squeeze(-1)

# %%
features = torch.randn(512, 4)
target = torch.sin(1.5 * features[:, 0]) + features[:, 1] * features[:, 2] - 0.5 * features[:, 3]
target = target + 0.1 * torch.randn(512)
target = (target - target[:400].mean()) / target[:400].std()
train = DataLoader(TensorDataset(features[:400], target[:400]), batch_size=40, shuffle=True)
x_val, t_val = features[400:], target[400:]

# %%
net = Regressor(4, 32)  # coach-line: cell-rerun-continues-training
lrs_to_try = [0.05, 0.02]
val_mse = {}

# %% [r1]
lr = lrs_to_try.pop(0)
opt = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9)  # coach: cell-rerun-continues-training; fix: net = Regressor(
for epoch in range(12):  # coach-line: cell-rerun-continues-training
    net.train()
    for xb, tb in train:
        opt.zero_grad()
        loss = F.mse_loss(net(xb), tb)
        loss.backward()
        opt.step()
net.eval()
with torch.no_grad():
    val_mse[lr] = F.mse_loss(net(x_val), t_val).item()
print("lr", lr, "val mse", round(val_mse[lr], 4))

# %% [r1] rerun

# %%
best = min(val_mse, key=val_mse.get)
print("best learning rate:", best)
