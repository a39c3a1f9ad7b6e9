# %% [1]
import copy
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)
x, y = torch.randn(80, 5), torch.randn(80, 1)
# %% [2]
net = nn.Sequential(nn.Linear(5, 20), nn.SiLU(), nn.Linear(20, 1))
ema = copy.deepcopy(net)
for p in ema.parameters():
    p.requires_grad_(False)
opt = torch.optim.AdamW(net.parameters(), lr=5e-3)
# %% [3]
@torch.no_grad()
def update(decay=0.95):
    for a, b in zip(ema.parameters(), net.parameters()):
        a.lerp_(b, 1 - decay)
# %% [4]
for step in range(15):
    loss = F.mse_loss(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    update()
# %% [5]
with torch.no_grad():
    print(F.mse_loss(net(x), y).item(), F.mse_loss(ema(x), y).item())
# %% [2] rerun
# %% [4] rerun
# %% [5] rerun
