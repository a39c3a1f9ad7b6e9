import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x = torch.randn(300, 4)
y = (x[:, 0] > 1.5).long()
net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
opt = torch.optim.Adam(net.parameters(), lr=3e-2)
for epoch in range(60):
    opt.zero_grad()
    loss = nn.functional.cross_entropy(net(x), y)
    loss.backward()
    opt.step()
