import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, 20), nn.BatchNorm1d(20), nn.ReLU(), nn.Dropout(0.3))
        self.head = nn.Linear(20, 3)

    def forward(self, x):
        return self.head(self.body(x))


def uncertainty(net, x, y, rounds=5):
    net.eval()
    for module in net.modules():
        if isinstance(module, nn.Dropout):
            module.train()
    with torch.no_grad():
        probs = [F.softmax(net(x), dim=1) for _ in range(rounds)]
    mean = torch.stack(probs).mean(0)
    net.train()
    return (mean.argmax(1) == y).float().mean().item()


net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.05)
x, y = torch.randn(40, 6), torch.randint(0, 3, (40,))
for epoch in range(4):
    opt.zero_grad()
    F.cross_entropy(net(x), y).backward()
    opt.step()
    print(uncertainty(net, x, y))
