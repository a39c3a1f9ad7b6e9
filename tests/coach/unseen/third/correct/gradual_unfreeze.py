"""Transfer learning: pretrain, then swap the head, train it with the backbone frozen, then unfreeze the last block."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(19)


def conv_block(cin, cout):
    return nn.Sequential(nn.Conv2d(cin, cout, 3, padding=1, bias=False), nn.BatchNorm2d(cout), nn.ReLU(), nn.MaxPool2d(2))


class Net(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.block1, self.block2 = conv_block(1, 8), conv_block(8, 16)
        self.head = nn.Linear(16 * 9, classes)

    def forward(self, x):
        return self.head(self.block2(self.block1(x)).flatten(1))


def shapes(n, classes):
    y = torch.randint(0, classes, (n,))
    x = torch.randn(classes, 1, 12, 12)[y] + 1.2 * torch.randn(n, 1, 12, 12)
    return TensorDataset((x - x.mean()) / x.std(), y)


def epoch_of(net, loader, opt, frozen=()):
    net.train()
    for part in frozen:
        part.eval()
    total = 0.0
    for x, y in loader:
        opt.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        opt.step()
        total += loss.item()
    return total / len(loader)


net = Net(classes=6)
source = DataLoader(shapes(192, 6), batch_size=32, shuffle=True)
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for e in range(3):
    print("source", e, round(epoch_of(net, source, opt), 3))

target = DataLoader(shapes(128, 3), batch_size=32, shuffle=True)
for p in net.parameters():
    p.requires_grad_(False)
net.head = nn.Linear(16 * 9, 3)
opt = torch.optim.AdamW(net.head.parameters(), lr=2e-3)
for e in range(4):
    print("head only", e, round(epoch_of(net, target, opt, frozen=(net.block1, net.block2)), 3))

for p in net.block2.parameters():
    p.requires_grad_(True)
opt.add_param_group({"params": net.block2.parameters(), "lr": 1e-4})
for e in range(4):
    print("last block", e, round(epoch_of(net, target, opt, frozen=(net.block1,)), 3))
