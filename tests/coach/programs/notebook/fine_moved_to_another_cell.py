# %% [1]
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x, y = torch.randn(40, 3), torch.randn(40, 1)
# %% [2]
model = nn.Linear(3, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.05)
# %% [2] rerun
model = nn.Linear(3, 1)
# %% [3]
opt = torch.optim.SGD(model.parameters(), lr=0.05)


def step():
    opt.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    opt.step()
    return loss.item()


# %% [4]
print([step() for _ in range(5)])
# %% [3] rerun
opt = torch.optim.Adam(model.parameters(), lr=0.01)
# %% [5]
def step():
    opt.zero_grad()
    loss = nn.functional.l1_loss(model(x), y)
    loss.backward()
    opt.step()
    return loss.item()


# %% [4] rerun
