# %% [1]
import copy

import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x = torch.randn(80, 5)
y = x @ torch.randn(5, 1) + 0.1 * torch.randn(80, 1)
base = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 1))
start = copy.deepcopy(base.state_dict())


# %% [2]
def fit(model, lr, steps=10):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
    return loss.item()


# %% [3]
fresh = {}
for lr in (0.001, 0.01, 0.05):
    model = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 1))
    fresh[lr] = fit(model, lr)
# %% [4]
copies = {lr: fit(copy.deepcopy(base), lr) for lr in (0.001, 0.01, 0.05)}
# %% [5]
restored = {}
for lr in (0.001, 0.01, 0.05):
    base.load_state_dict(start)
    restored[lr] = fit(base, lr)
# %% [6]
drawn = {}
for lr in (0.001, 0.01, 0.05):
    for layer in base:
        if isinstance(layer, nn.Linear):
            layer.weight.data.normal_(0, 0.3)
            layer.bias.data.zero_()
    drawn[lr] = fit(base, lr)
print(fresh, copies, restored, drawn)
