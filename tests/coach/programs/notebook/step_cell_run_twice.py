# %% [1]
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x, y = torch.randn(20, 3), torch.randn(20, 1)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
# %% [2]
loss = nn.functional.mse_loss(model(x), y)
print(loss.item())
# %% [3]
loss.backward()
# %% [4]
optimizer.step()  # coach: cell-rerun-continues-training; fix: loss.backward()
# %% [4] rerun
