import gradbook as torch
from gradbook import nn

torch.manual_seed(3)
x = torch.cat([torch.randn(30, 2) - 6, torch.randn(30, 2) + 6])
y = torch.cat([torch.zeros(30, 1), torch.ones(30, 1)])
net = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1), nn.Sigmoid())
opt = torch.optim.Adam(net.parameters(), lr=0.1)
for _ in range(60):
    loss = nn.BCELoss()(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
print(((net(x) > 0.5) == (y > 0.5)).float().mean())
