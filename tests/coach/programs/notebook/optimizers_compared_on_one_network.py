# %% [1]
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)
inputs = torch.rand(90, 6)
classes = (inputs.sum(1) * 1.2).long().clamp(0, 2)
# %% [2]
net = nn.Sequential(nn.Linear(6, 24), nn.Tanh(), nn.Linear(24, 3))


# %% [3]
def run(kind, steps=15, **options):
    opt = kind(net.parameters(), **options)
    history = []
    for _ in range(steps):
        loss = F.cross_entropy(net(inputs), classes)
        opt.zero_grad()
        loss.backward()
        opt.step()
        history.append(loss.item())
    return history


# %% [4]
curves = {}
for kind, options in ((torch.optim.SGD, {"lr": 0.3}), (torch.optim.Adam, {"lr": 0.01}), (torch.optim.RMSprop, {"lr": 0.01})):
    curves[kind.__name__] = run(kind, **options)  # coach: cell-rerun-continues-training; fix: net = nn.Sequential(nn.Linear(6, 24), nn.Tanh(), nn.Linear(24, 3))
print({name: curve[-1] for name, curve in curves.items()})
