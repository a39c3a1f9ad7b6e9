"""Gatys-style transfer: the image is the only parameter, the feature extractor is frozen."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)


class Features(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 6, 3, padding=1)
        self.c2 = nn.Conv2d(6, 8, 3, padding=1)

    def forward(self, x):
        a = F.relu(self.c1(x))
        b = F.relu(self.c2(F.avg_pool2d(a, 2)))
        return a, b


def gram(f):
    n, c, h, w = f.shape
    f = f.reshape(n, c, h * w)
    return f @ f.transpose(1, 2) / (h * w)


features = Features().eval()
for p in features.parameters():
    p.requires_grad_(False)

content = torch.rand(1, 1, 12, 12)
style = (torch.arange(12).view(1, 1, 1, 12) % 3 == 0).float().expand(1, 1, 12, 12)
with torch.no_grad():
    content_target = features(content)[1]
    style_targets = [gram(f) for f in features(style)]

image = content.clone().requires_grad_(True)
optimizer = torch.optim.Adam([image], lr=0.03)
for step in range(60):
    optimizer.zero_grad()
    maps = features(image)
    content_loss = F.mse_loss(maps[1], content_target)
    style_loss = sum(F.mse_loss(gram(m), s) for m, s in zip(maps, style_targets))
    loss = content_loss + 100 * style_loss
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        image.clamp_(0, 1)
    if step % 15 == 0 or step == 59:
        print(step, f"content {content_loss.item():.5f} style {style_loss.item():.6f}")
