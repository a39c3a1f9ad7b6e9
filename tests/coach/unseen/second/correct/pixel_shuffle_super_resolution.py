"""Super-resolution by sub-pixel convolution: the network predicts a residual on the upsampled image."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)


class ESPCN(nn.Module):
    def __init__(self, scale=2):
        super().__init__()
        self.scale = scale
        self.body = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(),
            nn.Conv2d(8, scale * scale, 3, padding=1),
            nn.PixelShuffle(scale))

    def forward(self, x):
        base = F.interpolate(x, scale_factor=self.scale, mode="nearest")
        return base + self.body(x)


def images(n):
    grid = torch.linspace(-1, 1, 12)
    yy, xx = torch.meshgrid(grid, grid, indexing="ij")
    fx, fy, ph = (torch.rand(n, 1, 1) * 4 - 2 for _ in range(3))
    return torch.sin(fx * xx * 2 + fy * yy * 2 + ph).unsqueeze(1)


model = ESPCN()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for step in range(8):
    high = images(24)
    low = F.avg_pool2d(high, 2)
    loss = F.mse_loss(model(low), high)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, round(loss.item(), 5))
