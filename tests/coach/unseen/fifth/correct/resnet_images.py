import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(6)


class ResBlock(nn.Module):
    def __init__(self, ch):
        super().__init__()
        self.c1 = nn.Conv2d(ch, ch, 3, padding=1, bias=False)
        self.b1 = nn.BatchNorm2d(ch)
        self.c2 = nn.Conv2d(ch, ch, 3, padding=1, bias=False)
        self.b2 = nn.BatchNorm2d(ch)

    def forward(self, x):
        out = F.relu(self.b1(self.c1(x)))
        out = self.b2(self.c2(out))
        out += x
        return F.relu(out)


class MiniResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.block = ResBlock(8)
        self.fc = nn.Linear(8, 2)

    def forward(self, x):
        x = self.block(F.relu(self.stem(x)))
        return self.fc(x.mean(dim=(2, 3)))


def split(n):
    y = torch.randint(0, 2, (n,))
    x = torch.randn(n, 3, 8, 8)
    x[:, 0] += 0.4 * (2 * y.float() - 1).view(-1, 1, 1)
    return TensorDataset(x, y)


train_dl = DataLoader(split(256), batch_size=32, shuffle=True)
val_dl = DataLoader(split(100), batch_size=32)
net = MiniResNet()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(4):
    net.train()
    for xb, yb in train_dl:
        loss = F.cross_entropy(net(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
    net.eval()
    right = 0
    with torch.no_grad():
        for xb, yb in val_dl:
            right += (net(xb).argmax(1) == yb).sum().item()
    print(epoch, loss.item(), right / 100)
