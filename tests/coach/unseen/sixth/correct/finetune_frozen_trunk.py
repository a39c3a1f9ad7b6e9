import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(66)
protos = torch.randn(6, 1, 8, 8)


def images(classes, n):
    k = torch.randint(0, len(classes), (n,))
    x = protos[torch.tensor(classes)[k]] + 0.8 * torch.randn(n, 1, 8, 8)
    return x / 1.3, k


class SmallNet(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten())
        self.head = nn.Linear(64, n_classes)

    def forward(self, x):
        return self.head(self.trunk(x))


def epoch(net, opt, loader):
    tot = 0.0
    for x, y in loader:
        opt.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        opt.step()
        tot += loss.item()
    return tot / len(loader)


# "pretraining" on four classes
net = SmallNet(4)
xa, ya = images([0, 1, 2, 3], 320)
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
net.train()
for e in range(4):
    print("pretrain", e, "%.3f" % epoch(net, opt, DataLoader(TensorDataset(xa, ya), batch_size=32, shuffle=True)))

# transfer: freeze the trunk (weights and BN statistics), train a new two-class head
for p in net.trunk.parameters():
    p.requires_grad = False
net.head = nn.Linear(64, 2)
xb, yb = images([4, 5], 160)
xt, yt = images([4, 5], 80)
opt = torch.optim.Adam(net.head.parameters(), lr=5e-3)
loader = DataLoader(TensorDataset(xb, yb), batch_size=16, shuffle=True)
for e in range(5):
    net.train()
    net.trunk.eval()
    tr = epoch(net, opt, loader)
    net.eval()
    with torch.no_grad():
        acc = (net(xt).argmax(1) == yt).float().mean().item()
    print("finetune", e, "%.3f acc %.3f" % (tr, acc))
