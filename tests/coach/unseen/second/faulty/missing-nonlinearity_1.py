import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(81)


class SpiralNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(2, 64)
        self.fc2 = nn.Linear(64, 64)
        self.fc3 = nn.Linear(64, 2)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = self.fc2(x)  # coach: missing-nonlinearity
        return self.fc3(x)


def spiral(n):
    c = torch.randint(0, 2, (n,))
    r = torch.rand(n) * 1.5
    a = 2.5 * r + 3.1416 * c.float()
    pts = torch.stack([r * a.cos(), r * a.sin()], 1) + 0.03 * torch.randn(n, 2)
    return pts, c


pts, c = spiral(300)
pts = (pts - pts.mean(0)) / pts.std(0)
net = SpiralNet()
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(6):
    for b in torch.randperm(300).split(50):
        loss = F.cross_entropy(net(pts[b]), c[b])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, loss.item())
