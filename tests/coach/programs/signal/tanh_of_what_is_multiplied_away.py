import gradbook as torch
import gradbook.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = 0
        self.a, self.b = nn.Linear(6, 10), nn.Linear(10, 2)

    def forward(self, x):
        h = torch.tanh(self.a(x * self.scale))  # coach: degenerate-activation
        return self.b(h)


net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(5):
    x = torch.randn(20, 6)
    loss = nn.functional.cross_entropy(net(x), (x[:, 0] > 0).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
