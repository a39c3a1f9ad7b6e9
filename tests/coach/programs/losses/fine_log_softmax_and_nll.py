import gradbook as torch
from gradbook import nn

net = nn.Sequential(nn.Linear(6, 10), nn.ReLU(), nn.Linear(10, 4), nn.LogSoftmax(dim=1))
crit = nn.NLLLoss()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
x, y = torch.randn(40, 6), torch.randint(0, 4, (40,))
for _ in range(5):
    opt.zero_grad()
    crit(net(x), y).backward()
    opt.step()
probabilities = net(x).exp()
