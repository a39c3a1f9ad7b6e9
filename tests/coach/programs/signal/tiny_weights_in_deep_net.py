import gradbook as torch
from gradbook import nn


def init(m):
    if isinstance(m, nn.Linear):
        nn.init.normal_(m.weight, mean=0.0, std=0.001)  # coach: vanishing-gradients; fix: xavier_uniform_(m.weight)
        nn.init.zeros_(m.bias)


net = nn.Sequential(
    nn.Linear(20, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 32),
    nn.Tanh(), nn.Linear(32, 1),
)
net.apply(init)
X = torch.randn(50, 20)
t = X[:, :1] * 2 - X[:, 1:2]
opt = torch.optim.SGD(net.parameters(), lr=0.01)
for i in range(8):
    opt.zero_grad()
    ((net(X) - t) ** 2).mean().backward()
    opt.step()
