import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 8, 3), nn.Conv2d(8, 16, 3)
        self.fc = nn.Linear(16 * 4, 10)

    def forward(self, x):
        x = F.max_pool2d(self.conv1(x), 2)  # coach: missing-nonlinearity; fix: F.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = F.relu(F.max_pool2d(self.conv2(x), 2))
        return self.fc(x.flatten(1))


net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for step in range(4):
    x, y = torch.randn(8, 1, 14, 14), torch.randint(0, 10, (8,))
    opt.zero_grad()
    F.cross_entropy(net(x), y).backward()
    opt.step()
