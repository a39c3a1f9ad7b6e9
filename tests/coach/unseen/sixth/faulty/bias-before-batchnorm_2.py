import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(77)

# synthetic "galaxy" stamps: elongated along x, along y, or round
n = 480
kind = torch.randint(0, 3, (n,))
gx = torch.linspace(-1, 1, 12)
xx = gx.view(1, 12).expand(12, 12)
yy = gx.view(12, 1).expand(12, 12)
sx = torch.tensor([0.6, 0.2, 0.35])[kind].view(n, 1, 1)
sy = torch.tensor([0.2, 0.6, 0.35])[kind].view(n, 1, 1)
stamps = torch.exp(-(xx / sx) ** 2 - (yy / sy) ** 2) + 0.1 * torch.randn(n, 12, 12)
stamps = ((stamps - stamps.mean()) / stamps.std()).unsqueeze(1)


def conv_bn(cin, cout):
    return nn.Sequential(
        nn.Conv2d(cin, cout, kernel_size=3, padding=1),  # coach: bias-before-batchnorm; fix: bias=False
        nn.BatchNorm2d(cout),
        nn.ReLU(inplace=True),
    )


class StampNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.b1 = conv_bn(1, 8)
        self.b2 = conv_bn(8, 16)
        self.head = nn.Linear(16, 3)

    def forward(self, x):
        x = F.max_pool2d(self.b1(x), 2)
        x = self.b2(x)
        return self.head(x.mean(dim=(2, 3)))


loader = DataLoader(TensorDataset(stamps[:400], kind[:400]), batch_size=40, shuffle=True)
net = StampNet()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for epoch in range(4):
    net.train()
    for img, k in loader:
        opt.zero_grad()
        loss = F.cross_entropy(net(img), k)
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        acc = (net(stamps[400:]).argmax(1) == kind[400:]).float().mean().item()
    print(f"{epoch}: loss={loss.item():.3f} acc={acc:.3f}")
