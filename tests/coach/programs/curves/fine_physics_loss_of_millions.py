import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 1))
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
t = torch.linspace(0, 1, 40).unsqueeze(1)
for i in range(60):
    tt = t.clone().requires_grad_()
    u = net(tt)
    (du,) = torch.autograd.grad(u.sum(), tt, create_graph=True)
    (ddu,) = torch.autograd.grad(du.sum(), tt, create_graph=True)
    residual = ddu + 400 * u
    loss = residual.pow(2).mean() + 1e6 * (u[0] - 1).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
