import gradbook as torch
from gradbook import nn

net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.01)
x = torch.rand(40, 2)
y = x.prod(dim=1, keepdim=True)
for i in range(10):
    pred = net(x)
    loss = ((pred**0.5 - y**0.5) ** 2).mean()  # coach: nan-origin; fix: pred.clamp(min=1e-8)**0.5
    opt.zero_grad()
    loss.backward()
    opt.step()
