import gradbook as torch
from gradbook import nn

layers = []
for i in range(10):
    layer = nn.Linear(24, 24)
    nn.init.xavier_uniform_(layer.weight, gain=nn.init.calculate_gain("tanh"))
    nn.init.zeros_(layer.bias)
    layers += [layer, nn.Tanh()]
net = nn.Sequential(*layers, nn.Linear(24, 4))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
x, y = torch.randn(64, 24), torch.randint(0, 4, (64,))
for _ in range(10):
    opt.zero_grad()
    nn.functional.cross_entropy(net(x), y).backward()
    opt.step()
