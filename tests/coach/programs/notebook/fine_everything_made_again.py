# %% [1]
import copy

import gradbook as torch
from gradbook import nn
from gradbook.optim.swa_utils import AveragedModel

torch.manual_seed(0)
x, y = torch.randn(40, 4), torch.randn(40, 1)
# %% [2]
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
# %% [3]
optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=6)
averaged = AveragedModel(model)
best = copy.deepcopy(model)
# %% [4]
lowest = float("inf")
for epoch in range(6):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    scheduler.step()
    averaged.update_parameters(model)
    if loss.item() < lowest:
        lowest = loss.item()
        best.load_state_dict(model.state_dict())
# %% [5]
best.eval()
with torch.no_grad():
    print(nn.functional.mse_loss(best(x), y).item(), nn.functional.mse_loss(averaged(x), y).item())
# %% [2] rerun
# %% [3] rerun
# %% [4] rerun
# %% [5] rerun
