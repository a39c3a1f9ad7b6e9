import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

# %% data
torch.manual_seed(109)
centres = torch.randn(6, 12) * 1.2


def dataset(n, ids):
    pick = torch.randint(0, len(ids), (n,))
    return TensorDataset(centres[torch.tensor(ids)[pick]] + torch.randn(n, 12), pick)


source, target, held_out = dataset(400, [0, 1, 2, 3]), dataset(120, [4, 5]), dataset(80, [4, 5])


# %% model
class Net(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(12, 48, bias=False), nn.BatchNorm1d(48), nn.ReLU(),
                                      nn.Linear(48, 24), nn.ReLU())
        self.head = nn.Linear(24, classes)
        self.frozen = False

    def train(self, mode=True):
        super().train(mode)
        if self.frozen:
            self.backbone.eval()      # running statistics stay those of the source task
        return self

    def forward(self, x):
        return self.head(self.backbone(x))


def fit(net, opt, data, epochs):
    for _ in range(epochs):
        net.train()
        for x, y in DataLoader(data, batch_size=20, shuffle=True):
            opt.zero_grad()
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            opt.step()
    print("last loss", round(loss.item(), 4))


# %% pretraining
net = Net(4)
fit(net, torch.optim.Adam(net.parameters(), lr=2e-3), source, 4)

# %% transfer
net.head = nn.Linear(24, 2)
net.frozen = True
net.backbone.requires_grad_(False)
fit(net, torch.optim.Adam((p for p in net.parameters() if p.requires_grad), lr=5e-3), target, 5)

# %% test
net.eval()
with torch.no_grad():
    x, y = held_out.tensors
    print("accuracy", (net(x).argmax(1) == y).float().mean().item())
