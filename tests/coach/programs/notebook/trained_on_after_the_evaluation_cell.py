# %% [1]
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)
x = torch.randn(64, 4)
t = x[:, :2].prod(1, keepdim=True)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 16, bias=False), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 1))

    def forward(self, x):
        return self.layers(x)


net = Net()
sgd = torch.optim.SGD(net.parameters(), lr=0.02)
# %% [2]
def epochs(n):
    for _ in range(n):
        for k in range(0, 64, 16):
            loss = F.mse_loss(net(x[k : k + 16]), t[k : k + 16])
            sgd.zero_grad()
            loss.backward()
            sgd.step()
# %% [3]
epochs(3)
# %% [4]
net.eval()  # coach: train-mode-not-restored; fix: net.train()
with torch.no_grad():
    print(F.mse_loss(net(x), t).item())
# %% [3] rerun
