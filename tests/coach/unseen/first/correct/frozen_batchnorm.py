import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


def conv_bn(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU(inplace=True))


class Net(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.features = nn.Sequential(conv_bn(1, 8), nn.MaxPool2d(2), conv_bn(8, 16))
        self.pool = nn.AdaptiveAvgPool2d((2, 1))
        self.fc = nn.Linear(32, classes)

    def forward(self, x):
        return self.fc(torch.flatten(self.pool(self.features(x)), 1))


def freeze_bn(module):
    for m in module.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.eval()
            m.weight.requires_grad_(False)
            m.bias.requires_grad_(False)


def stripes(n):
    y = torch.randint(0, 2, (n,))
    x = 0.4 * torch.randn(n, 1, 8, 8)
    x[y == 0, :, :4] += 1
    x[y == 1, :, 4:] += 1
    return TensorDataset(x, y)


def run(net, loader, opt, epochs, frozen):
    crit = nn.CrossEntropyLoss()
    for e in range(epochs):
        net.train()
        if frozen:
            freeze_bn(net)
        for x, y in loader:
            loss = crit(net(x), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
        print("frozen" if frozen else "pretrain", e, loss.item())


torch.manual_seed(0)
net = Net(2)
run(net, DataLoader(stripes(96), 24, shuffle=True), torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9), 2, False)
freeze_bn(net)
small = DataLoader(stripes(24), batch_size=4, shuffle=True)
opt = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=1e-3, momentum=0.9)
run(net, small, opt, 3, True)
