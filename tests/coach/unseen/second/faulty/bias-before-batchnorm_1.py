import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class ConvNet(nn.Module):
    def __init__(self, classes=3):
        super().__init__()
        self.conv = nn.Conv2d(1, 12, kernel_size=3, padding=1)  # coach: bias-before-batchnorm; fix: bias=False
        self.bn = nn.BatchNorm2d(12)
        self.fc = nn.Linear(12, classes)

    def forward(self, x):
        x = F.relu(self.bn(self.conv(x)))
        return self.fc(F.adaptive_max_pool2d(x, 1).flatten(1))


torch.manual_seed(67)
net = ConvNet()
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
net.train()
for step in range(20):
    y = torch.randint(0, 3, (24,))
    x = torch.randn(24, 1, 8, 8)
    x[:, 0, 2] += (y == 1).float().unsqueeze(1) * 2
    x[:, 0, :, 5] += (y == 2).float().unsqueeze(1) * 2
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 5 == 0:
        print(step, loss.item())
