import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x = torch.randn(90, 4)
y = x[:, :3].argmax(1)
net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
rare = (torch.rand(90) < 0.1).long()
side = nn.Linear(4, 2)
opt2 = torch.optim.Adam(side.parameters(), lr=1e-3)
for epoch in range(30):
    loss = nn.functional.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
