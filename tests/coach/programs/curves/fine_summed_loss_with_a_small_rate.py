import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x = torch.randn(200, 5)
y = x @ torch.randn(5, 1)
net = nn.Linear(5, 1)
opt = torch.optim.SGD(net.parameters(), lr=1e-3)
for i in range(30):
    loss = nn.functional.mse_loss(net(x), y, reduction="sum")
    opt.zero_grad()
    loss.backward()
    opt.step()
