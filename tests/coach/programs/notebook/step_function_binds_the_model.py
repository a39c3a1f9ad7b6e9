# %% [1]
import functools
import gradbook as torch
from gradbook import nn

torch.manual_seed(3)
inputs, wanted = torch.randn(30, 2), torch.randn(30, 1)


# %% [2]
def make():
    return nn.Sequential(nn.Linear(2, 10), nn.ReLU(), nn.Linear(10, 1))


def predict(model, batch):
    return model(batch)


# %% [model]
model = make()
opt = torch.optim.SGD(model.parameters(), lr=0.01)
# %% [3]
forward = functools.partial(predict, model)  # coach: stale-object; fix: forward = functools.partial(predict, model)
# coach-also: stale-optimizer
# %% [4]
for _ in range(6):
    opt.zero_grad()
    loss = nn.functional.mse_loss(forward(inputs), wanted)
    loss.backward()
    opt.step()
# %% [model] rerun
# %% [4] rerun
