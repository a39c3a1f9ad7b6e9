import gradbook as torch
from gradbook import nn

x = torch.rand(80, 4) * torch.tensor([1.0, 10.0, 1000.0, 5000.0])
y = (x[:, :1] > 0.5).float()
net = nn.Sequential(nn.BatchNorm1d(4), nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for step in range(12):
    loss = nn.functional.binary_cross_entropy_with_logits(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
