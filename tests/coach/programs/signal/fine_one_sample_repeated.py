import gradbook as torch
from gradbook import nn

x = torch.ones(8, 3)
y = torch.full((8, 1), 0.7)
net = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 1))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for step in range(12):
    loss = nn.functional.mse_loss(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
