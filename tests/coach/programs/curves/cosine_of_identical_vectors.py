import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 3))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
x = torch.randn(16, 3)
x[4] = 0.0
for i in range(4):
    direction = x / x.norm(dim=1, keepdim=True)  # coach: nan-origin; fix: 1e-8
    loss = (net(direction) - direction).pow(2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
