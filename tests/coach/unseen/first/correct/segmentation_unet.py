import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F


def block(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU(inplace=True))


class TinyUNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.d1, self.d2 = block(1, 8), block(8, 16)
        self.up = nn.ConvTranspose2d(16, 8, 2, stride=2)
        self.u1 = block(16, 8)
        self.final = nn.Conv2d(8, 1, 1)

    def forward(self, x):
        a = self.d1(x)
        b = self.d2(F.max_pool2d(a, 2))
        return self.final(self.u1(torch.cat([a, self.up(b)], dim=1)))


def dice_loss(logits, target, eps=1.0):
    p = torch.sigmoid(logits).flatten(1)
    t = target.flatten(1)
    inter = (p * t).sum(1)
    return (1 - (2 * inter + eps) / (p.sum(1) + t.sum(1) + eps)).mean()


def squares(n, size=12):
    masks = torch.zeros(n, 1, size, size)
    for k in range(n):
        r, c = torch.randint(0, size - 5, (2,)).tolist()
        masks[k, 0, r:r + 6, c:c + 6] = 1
    return masks - 0.25 + 0.3 * torch.randn(n, 1, size, size), masks


torch.manual_seed(18)
net = TinyUNet()
opt = torch.optim.AdamW(net.parameters(), lr=5e-3)
for it in range(10):
    net.train()
    img, mask = squares(12)
    logits = net(img)
    loss = F.binary_cross_entropy_with_logits(logits, mask) + dice_loss(logits, mask)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 3 == 0:
        print(it, round(loss.item(), 4))

net.eval()
with torch.no_grad():
    img, mask = squares(12)
    pred = (net(img) > 0).float()
    iou = (pred * mask).sum() / ((pred + mask) > 0).sum()
print("IoU", iou.item())
