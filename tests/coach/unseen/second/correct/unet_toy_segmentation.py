"""A U-Net of two levels with skip connections; BCE with logits plus soft Dice. Eight steps of a demo."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)


def block(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU())


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.d1, self.d2, self.mid = block(1, 8), block(8, 16), block(16, 16)
        self.up2, self.up1 = nn.ConvTranspose2d(16, 16, 2, stride=2), nn.ConvTranspose2d(16, 8, 2, stride=2)
        self.u2, self.u1 = block(32, 16), block(16, 8)
        self.out = nn.Conv2d(8, 1, 1)

    def forward(self, x):
        a = self.d1(x)
        b = self.d2(F.max_pool2d(a, 2))
        c = self.mid(F.max_pool2d(b, 2))
        c = self.u2(torch.cat([self.up2(c), b], dim=1))
        c = self.u1(torch.cat([self.up1(c), a], dim=1))
        return self.out(c)


def discs(n, size=16):
    g = torch.arange(size).float()
    cy, cx = (4 + 8 * torch.rand(n, 1, 1) for _ in range(2))
    mask = ((g.view(1, -1, 1) - cy) ** 2 + (g.view(1, 1, -1) - cx) ** 2 < 12).float().unsqueeze(1)
    return (mask - mask.mean()) / mask.std() + 0.5 * torch.randn(n, 1, size, size), mask


def dice_loss(logits, mask):
    p = torch.sigmoid(logits)
    inter = (p * mask).sum(dim=(1, 2, 3))
    return (1 - (2 * inter + 1) / (p.sum(dim=(1, 2, 3)) + mask.sum(dim=(1, 2, 3)) + 1)).mean()


model = UNet()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for step in range(8):
    image, mask = discs(12)
    logits = model(image)
    loss = F.binary_cross_entropy_with_logits(logits, mask) + dice_loss(logits, mask)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, round(loss.item(), 4))
