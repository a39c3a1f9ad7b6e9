import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(1)
x = torch.randn(256, 1, 8, 8)
mask = (nn.functional.avg_pool2d(x, 3, stride=1, padding=1) > 0).float()


class SegNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(1, 8, 3, padding=1)  # coach: bias-before-batchnorm; fix: bias=False
        self.bn1 = nn.BatchNorm2d(8)
        self.mid = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(8)
        self.out = nn.Conv2d(8, 1, 1)

    def forward(self, img):
        h = torch.relu(self.bn1(self.down(img)))
        h = torch.relu(self.bn2(self.mid(h)))
        return self.out(h)


net = SegNet()
bce = nn.BCEWithLogitsLoss()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for epoch in range(4):
    for xb, mb in DataLoader(TensorDataset(x, mask), batch_size=32, shuffle=True):
        opt.zero_grad()
        loss = bce(net(xb), mb)
        loss.backward()
        opt.step()
    print(epoch, loss.item())
