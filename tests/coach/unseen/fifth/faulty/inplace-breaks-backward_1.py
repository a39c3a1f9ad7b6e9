import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(6)


class ResBlock(nn.Module):
    def __init__(self, ch):
        super().__init__()
        self.c1 = nn.Conv2d(ch, ch, 3, padding=1)
        self.c2 = nn.Conv2d(ch, ch, 3, padding=1)

    def forward(self, x):
        out = F.relu(self.c1(x))
        out = F.relu(self.c2(out))
        out += x  # coach: inplace-breaks-backward; fix: out = out + x
        return out


class MiniResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.block = ResBlock(8)
        self.fc = nn.Linear(8, 2)

    def forward(self, x):
        x = self.block(F.relu(self.stem(x)))
        return self.fc(x.mean(dim=(2, 3)))


y = torch.randint(0, 2, (128,))
x = torch.randn(128, 3, 8, 8)
x[:, 0] += (2 * y.float() - 1).view(-1, 1, 1)
loader = DataLoader(TensorDataset(x, y), batch_size=16, shuffle=True)
net = MiniResNet()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(2):
    for xb, yb in loader:
        loss = F.cross_entropy(net(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, loss.item())
