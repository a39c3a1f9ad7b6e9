import gradbook as torch
from gradbook import nn

torch.manual_seed(9)


def block(a, b):
    return nn.Sequential(nn.Linear(a, b), nn.ReLU())


class Regression(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = block(5, 32)
        self.two = block(32, 1)  # coach: redundant-activation; fix: nn.Linear(32, 1)

    def forward(self, x):
        return self.two(self.one(x))


x = torch.randn(300, 5)
y = x[:, :1] - x[:, 1:2]
net = Regression()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for epoch in range(4):
    for rows in torch.randperm(300).split(30):
        opt.zero_grad()
        nn.functional.mse_loss(net(x[rows]), y[rows]).backward()
        opt.step()
# coach-also: constant-predictions, dead-relu
