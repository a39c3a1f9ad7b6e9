import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset, random_split


def conv_block(a, b):
    return nn.Sequential(nn.Conv2d(a, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU())


class MiniUNet(nn.Module):
    def __init__(self, c=8):
        super().__init__()
        self.d1, self.d2 = conv_block(1, c), conv_block(c, 2 * c)
        self.up = nn.ConvTranspose2d(2 * c, c, 2, stride=2)
        self.u1 = conv_block(2 * c, c)
        self.out = nn.Conv2d(c, 1, 1)

    def forward(self, x):
        s = self.d1(x)
        h = self.d2(F.max_pool2d(s, 2))
        return self.out(self.u1(torch.cat([self.up(h), s], dim=1)))


def dice_loss(logits, mask, eps=1.0):
    p = torch.sigmoid(logits).flatten(1)
    m = mask.flatten(1)
    inter = (p * m).sum(1)
    return 1 - ((2 * inter + eps) / (p.sum(1) + m.sum(1) + eps)).mean()


def discs(n, s=16):
    g = torch.arange(s).float()
    cy, cx = 4 + 8 * torch.rand(n, 1, 1), 4 + 8 * torch.rand(n, 1, 1)
    mask = (((g.view(1, -1, 1) - cy) ** 2 + (g.view(1, 1, -1) - cx) ** 2) < 22).float().unsqueeze(1)
    img = mask + 0.7 * torch.randn(n, 1, s, s)
    return (img - img.mean()) / img.std(), mask


torch.manual_seed(20)
train_ds, val_ds = random_split(TensorDataset(*discs(160)), [128, 32])
train_dl = DataLoader(train_ds, batch_size=16, shuffle=True)
val_dl = DataLoader(val_ds, batch_size=16)
epochs = 6
net = MiniUNet()
opt = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-4)
poly = torch.optim.lr_scheduler.PolynomialLR(opt, total_iters=epochs * len(train_dl), power=0.9)
for epoch in range(epochs):
    net.train()
    for img, mask in train_dl:
        logits = net(img)
        loss = F.binary_cross_entropy_with_logits(logits, mask) + dice_loss(logits, mask)
        opt.zero_grad()
        loss.backward()
        opt.step()
        poly.step()
    net.eval()
    with torch.no_grad():
        iou = []
        for img, mask in val_dl:
            pred, truth = net(img) > 0, mask > 0.5
            iou.append(((pred & truth).sum().float() / (pred | truth).sum().float()).item())
    print(f"epoch {epoch} loss {loss.item():.3f} iou {sum(iou) / len(iou):.3f}")
