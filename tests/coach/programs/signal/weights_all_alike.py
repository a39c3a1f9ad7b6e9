import gradbook as torch
from gradbook import nn

net = nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 12), nn.ReLU(), nn.Linear(12, 3))
for layer in net:
    if isinstance(layer, nn.Linear):
        nn.init.constant_(layer.weight, 0.1)  # coach: bad-init; fix: nn.init.xavier_uniform_(layer.weight)
        nn.init.constant_(layer.bias, 0.0)
opt = torch.optim.SGD(net.parameters(), lr=0.05)
x, y = torch.randn(60, 6), torch.randint(0, 3, (60,))
for epoch in range(6):
    opt.zero_grad()
    nn.functional.cross_entropy(net(x), y).backward()
    opt.step()
