import gradbook as torch
from gradbook import nn

net = nn.Linear(2, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.3)
x = torch.randn(80, 2)
y = x @ torch.tensor([[1.0], [2.0]]) - 0.5
for i in range(120):
    loss = nn.functional.mse_loss(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
