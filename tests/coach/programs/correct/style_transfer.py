"""Neural style transfer: an image is the parameter, the network's own gradients are nobody's."""

import itertools

import gradbook as torch
from gradbook import nn, optim


class Features(nn.Module):
    def __init__(self):
        super().__init__()
        widths = [3, 16, 16, 32, 32, 64, 64]
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in itertools.pairwise(widths))

    def forward(self, image):
        found = []
        for layer in self.layers:
            image = torch.relu(layer(image))
            found.append(image)
        return found


def gram(features):
    channels = features.size(1)
    flat = features.view(channels, -1)
    return flat @ flat.t()


torch.manual_seed(0)
net = Features().eval()
content, style = torch.rand(1, 3, 16, 16), torch.rand(1, 3, 16, 16)
with torch.no_grad():
    wanted, looks = net(content), [gram(f) for f in net(style)]
target = content.clone().requires_grad_(True)
optimizer = optim.Adam([target], lr=0.003, betas=(0.5, 0.999))

for _ in range(12):
    content_loss, style_loss = 0, 0
    for now, then, look in zip(net(target), wanted, looks, strict=True):
        content_loss = content_loss + torch.mean((now - then) ** 2)
        style_loss = style_loss + torch.mean((gram(now) - look) ** 2)
    loss = content_loss + 1000 * style_loss
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
