# %% [1]
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
data = TensorDataset(torch.rand(40, 6), torch.randint(0, 4, (40,)))


class Net(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, 12), nn.ReLU())
        self.head = nn.Linear(12, classes)

    def forward(self, x):
        return self.head(self.body(x))


net = Net(10)
# %% [2]
opt = torch.optim.SGD(net.parameters(), lr=0.1)  # coach: stale-optimizer; fix: opt = torch.optim.SGD(net.parameters(), lr=0.1)


def train(epochs):
    for _ in range(epochs):
        for xb, yb in DataLoader(data, batch_size=20, shuffle=True):
            opt.zero_grad()
            nn.functional.cross_entropy(net(xb), yb).backward()
            opt.step()


# %% [3]
net.head = nn.Linear(12, 4)
# %% [4]
train(3)
