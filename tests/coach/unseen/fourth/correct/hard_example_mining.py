import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

LOSSES = {}


def register(fn):
    LOSSES[fn.__name__] = fn
    return fn


@register
def ohem(logits, target, keep=0.5):
    """Mean over the hardest pixels of each image."""
    per_pixel = F.cross_entropy(logits, target, reduction="none").flatten(1)
    k = max(1, int(keep * per_pixel.shape[1]))
    return per_pixel.topk(k, dim=1).values.mean()


def bands(n, s=12):
    edge = torch.randint(3, 9, (n, 1, 1))
    rows = torch.arange(s).view(1, -1, 1)
    mask = (rows >= edge).expand(n, s, s).long()
    mask = torch.where(rows >= edge + 3, torch.full_like(mask, 2), mask)
    img = mask.float().unsqueeze(1) + 0.6 * torch.randn(n, 1, s, s)
    return (img - img.mean()) / img.std(), mask


torch.manual_seed(62)
img, mask = bands(140)
train_dl = DataLoader(TensorDataset(img[:112], mask[:112]), batch_size=14, shuffle=True)
net = nn.Sequential(nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 12, 3, padding=2, dilation=2), nn.ReLU(), nn.Conv2d(12, 3, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, nesterov=True)
warm = torch.optim.lr_scheduler.LinearLR(opt, start_factor=0.1, total_iters=10)
worst = []
for epoch in range(6):
    net.train()
    for xb, mb in train_dl:
        logits = net(xb)
        loss = LOSSES["ohem"](logits, mb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        warm.step()
        with torch.no_grad():
            per_image = F.cross_entropy(logits, mb, reduction="none").mean((1, 2))
        worst.append(per_image.max().item())
    net.eval()
    with torch.no_grad():
        acc = (net(img[112:]).argmax(1) == mask[112:]).float().mean().item()
    print(f"epoch {epoch} ohem {loss.item():.3f} worst {worst[-1]:.3f} pixel acc {acc:.3f}")
