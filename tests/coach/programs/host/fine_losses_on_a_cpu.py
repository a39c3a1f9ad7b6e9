"""Reading numbers on the CPU costs nothing."""

import gradbook as torch
from gradbook import nn

net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.05)
x, y = torch.randn(30, 3), torch.randn(30, 1)
history = []
for epoch in range(10):
    loss = ((net(x) - y) ** 2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    history.append(loss.item())
    print(epoch, f"{float(loss):.3f}")
