import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(37)


class ConvBlock(nn.Module):
    def __init__(self, cin, cout):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(cout)
        self.act = nn.ReLU()

    def forward(self, x):
        return self.act(self.bn(self.conv(x)))


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = ConvBlock(1, 8)
        self.pool = nn.AdaptiveAvgPool2d(2)
        self.fc = nn.Linear(32, 3)

    def forward(self, x):
        h = torch.relu(self.block(x))  # coach: redundant-activation
        return self.fc(self.pool(h).flatten(1))


proto = torch.randn(3, 1, 8, 8)
y = torch.randint(0, 3, (384,))
x = proto[y] + 0.6 * torch.randn(384, 1, 8, 8)
net = Classifier()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
ce = nn.CrossEntropyLoss()
for epoch in range(5):
    for xb, yb in DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True):
        opt.zero_grad()
        loss = ce(net(xb), yb)
        loss.backward()
        opt.step()
    print(epoch, loss.item())
