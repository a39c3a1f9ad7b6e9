import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

ACTS = {"relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU}


class BasicBlock(nn.Module):
    def __init__(self, c, act="relu"):
        super().__init__()
        self.conv1 = nn.Conv2d(c, c, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(c)
        self.conv2 = nn.Conv2d(c, c, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(c)
        self.act = ACTS[act]()

    def forward(self, x):
        h = self.act(self.bn1(self.conv1(x)))
        h = self.bn2(self.conv2(h))
        return self.act(h + x)


class TinyResNet(nn.Module):
    def __init__(self, c=10, classes=3):
        super().__init__()
        self.stem = nn.Conv2d(1, c, 3, stride=2, padding=1)
        self.block = BasicBlock(c)
        self.fc = nn.Linear(c, classes)

    def forward(self, x):
        x = F.relu(self.stem(x))
        x = F.relu(self.block(x))  # coach: redundant-activation; fix: x = self.block(x)
        x = F.adaptive_avg_pool2d(x, 1).flatten(1)
        return self.fc(x)


torch.manual_seed(19)
y = torch.randint(0, 3, (210,))
freq = (y.float() + 1).view(-1, 1, 1, 1)
col = torch.linspace(0, 6.28, 16).view(1, 1, 1, -1)
x = torch.sin(freq * col) + 0.7 * torch.randn(210, 1, 16, 16)
x = (x - x.mean()) / x.std()
loader = DataLoader(TensorDataset(x, y), batch_size=30, shuffle=True)
net = TinyResNet()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(5):
    net.train()
    for xb, yb in loader:
        opt.zero_grad()
        loss = F.cross_entropy(net(xb), yb)
        loss.backward()
        opt.step()
    print(f"epoch {epoch} last loss {loss.item():.3f}")
