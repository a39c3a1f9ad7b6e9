import gradbook as torch
from gradbook import nn

net = nn.Sequential(nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for step in range(10):
    x = torch.rand(64, 1) * 6.28
    t = torch.rand(64, 1) * 20
    points = torch.cat([x, t], dim=1).requires_grad_()
    u = net(points)
    (du,) = torch.autograd.grad(u.sum(), points, create_graph=True)
    residual = du[:, 1:] + 2.0 * du[:, :1]
    start = torch.cat([x, torch.zeros_like(x)], dim=1)
    loss = residual.pow(2).mean() + (net(start) - torch.sin(x)).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
