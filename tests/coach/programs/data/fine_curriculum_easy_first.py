import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x = torch.randn(160, 4)
y = (x[:, 0] > 0).long()
hard = x[:, 0].abs().argsort(descending=True)
x, y = x[hard], y[hard]
net = nn.Linear(4, 2)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(3):
    for i in range(0, 160, 20):
        opt.zero_grad()
        nn.functional.cross_entropy(net(x[i : i + 20]), y[i : i + 20]).backward()
        opt.step()
