import gradbook as torch
from gradbook import nn

net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
x = torch.randn(40, 3)
y = x.sum(1, keepdim=True)
for i in range(400):
    loss = -nn.functional.mse_loss(net(x), y)  # coach: loss-diverged; fix: loss = nn.functional.mse_loss(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
