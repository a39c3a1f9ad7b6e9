import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 1))
opt = torch.optim.SGD(net.parameters(), lr=2.0)  # coach: dead-relu; fix: lr=0.0
X = torch.rand(64, 8)
Y = -X.sum(1, keepdim=True) - 2
for i in range(30):  # coach-also: learning-rate-too-high, loss-diverged
    loss = (net(X) - Y).abs().mean() * 5
    opt.zero_grad()
    loss.backward()
    opt.step()
