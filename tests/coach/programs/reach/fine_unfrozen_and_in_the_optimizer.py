import gradbook as torch
import gradbook.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(8, 16), nn.ReLU())
        self.head = nn.Linear(16, 2)

    def forward(self, x):
        return self.head(self.backbone(x))


def freeze(module, frozen):
    for p in module.parameters():
        p.requires_grad = not frozen


net = Net()
freeze(net.backbone, True)
optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
x, y = torch.randn(32, 8), torch.randint(0, 2, (32,))
for epoch in range(14):
    if epoch == 5:
        freeze(net.backbone, False)
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(net(x), y)
    loss.backward()
    optimizer.step()
