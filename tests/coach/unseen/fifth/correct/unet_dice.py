import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(104)
x = torch.randn(192, 1, 8, 8)
mask = (F.avg_pool2d(x, 3, stride=1, padding=1) > 0).float()


def double(cin, cout):
    return nn.Sequential(nn.Conv2d(cin, cout, 3, padding=1, bias=False), nn.BatchNorm2d(cout), nn.ReLU())


class TinyUNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = double(1, 6)
        self.bottom = double(6, 12)
        self.dec = double(18, 6)
        self.out = nn.Conv2d(6, 1, 1)

    def forward(self, img):
        e = self.enc(img)
        b = self.bottom(F.max_pool2d(e, 2))
        up = F.interpolate(b, scale_factor=2, mode="nearest")
        return self.out(self.dec(torch.cat([e, up], dim=1)))


def dice(logits, m):
    p = torch.sigmoid(logits)
    inter = (p * m).sum(dim=(1, 2, 3))
    return (1 - (2 * inter + 1) / (p.sum(dim=(1, 2, 3)) + m.sum(dim=(1, 2, 3)) + 1)).mean()


net = TinyUNet()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
loader = DataLoader(TensorDataset(x[:160], mask[:160]), batch_size=32, shuffle=True)
for epoch in range(5):
    net.train()
    for xb, mb in loader:
        opt.zero_grad()
        z = net(xb)
        loss = F.binary_cross_entropy_with_logits(z, mb) + dice(z, mb)
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        print(epoch, loss.item(), dice(net(x[160:]), mask[160:]).item())
