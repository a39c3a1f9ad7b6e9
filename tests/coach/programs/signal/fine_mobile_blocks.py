import gradbook as torch
import gradbook.nn as nn


class InvertedResidual(nn.Module):
    def __init__(self, channels, expand=3):
        super().__init__()
        wide = channels * expand
        self.body = nn.Sequential(
            nn.Conv2d(channels, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.ReLU6(),
            nn.Conv2d(wide, wide, 3, padding=1, groups=wide, bias=False), nn.BatchNorm2d(wide), nn.ReLU6(),
            nn.Conv2d(wide, channels, 1, bias=False), nn.BatchNorm2d(channels),
        )

    def forward(self, x):
        return x + self.body(x)


class Separable(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.depthwise = nn.Conv2d(i, i, 3, padding=1, groups=i)
        self.pointwise = nn.Conv2d(i, o, 1)

    def forward(self, x):
        return torch.relu(self.pointwise(self.depthwise(x)))


model = nn.Sequential(Separable(3, 8), InvertedResidual(8), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5))
opt = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
for _ in range(4):
    images, labels = torch.rand(8, 3, 8, 8), torch.randint(0, 5, (8,))
    opt.zero_grad()
    nn.functional.cross_entropy(model(images), labels).backward()
    opt.step()
