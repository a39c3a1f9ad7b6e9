import gradbook as torch
from gradbook import nn

net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1), nn.Sigmoid())
bce = nn.BCELoss()
opt = torch.optim.Adam(net.parameters())
x = torch.randn(32, 4)
t = (x[:, :1] > 0).float()
for k in range(5):
    opt.zero_grad()
    loss = bce(net(x), t)
    loss.backward()
    opt.step()
