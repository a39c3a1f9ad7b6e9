# %% [1]
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.optim import SGD
from gradbook.optim.lr_scheduler import ExponentialLR
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
points = torch.rand(48, 2)
inside = ((points - 0.5).pow(2).sum(1) < 0.1).long()
loader = DataLoader(TensorDataset(points, inside), batch_size=12, shuffle=True)
# %% [2]
net = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 2))
sgd = SGD(net.parameters(), lr=0.1)
decay = ExponentialLR(sgd, gamma=0.3)
# %% [3]
def epochs(n):
    for _ in range(n):
        for xb, yb in loader:
            sgd.zero_grad()
            loss = F.cross_entropy(net(xb), yb)
            loss.backward()
            sgd.step()
        decay.step()
    return loss.item()
# %% [4]
print(epochs(5))  # coach: cell-rerun-continues-training; fix: sgd = SGD(net.parameters(), lr=0.1)
# %% [4] rerun
