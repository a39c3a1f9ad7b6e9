# %% [1]
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x, y = torch.randn(40, 3), torch.randn(40, 1)
model = nn.Linear(3, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.05)
# %% [scratch]
test = nn.Linear(3, 7)
print(test(x).shape)
# %% [scratch] rerun
other = nn.Linear(3, 2)
print(other(x).shape, test.weight.std().item())
# %% [2]
for _ in range(5):
    opt.zero_grad()
    loss = nn.functional.mse_loss(model(x), y)
    loss.backward()
    opt.step()
# %% [scratch] rerun
print(model.weight, loss)
