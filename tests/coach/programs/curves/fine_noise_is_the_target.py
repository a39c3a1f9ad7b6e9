import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 32), nn.SiLU(), nn.Linear(32, 2))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for step in range(50):
    x0 = torch.randn(64, 2)
    t = torch.rand(64, 1)
    noise = torch.randn(64, 2)
    xt = (1 - t) * x0 + t * noise
    loss = nn.functional.mse_loss(net(torch.cat([xt, t], 1)), noise - x0)
    opt.zero_grad()
    loss.backward()
    opt.step()
