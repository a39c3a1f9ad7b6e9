# %% [1]
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x, y = torch.randn(40, 3), torch.randn(40, 1)
# %% [2]
model = nn.Linear(3, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.05)
# %% [2] rerun
print(x.mean(), y.std())
# %% [3]
for _ in range(5):
    loss = nn.functional.mse_loss(model(x), y)  # coach: stale-object
    opt.zero_grad()  # coach-also: stale-object
    loss.backward()
    opt.step()
