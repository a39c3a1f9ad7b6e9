# %% [1]
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x, y = torch.randn(40, 3), torch.randn(40, 1)
# %% [2]
model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
# %% [3]
opt = torch.optim.SGD(model.parameters(), lr=0.02)
# %% [2] rerun
net = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 1))
# %% [4]
for _ in range(5):
    loss = nn.functional.mse_loss(model(x), y)  # coach: stale-object; fix: loss = nn.functional.mse_loss(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
