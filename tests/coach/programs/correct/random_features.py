import gradbook as torch
import gradbook.nn as nn

rf = nn.Sequential(nn.Linear(3, 64), nn.Tanh())
h = nn.Linear(64, 1)
o = torch.optim.SGD(h.parameters(), 0.1)
x = torch.randn(40, 3)
y = x.sin().sum(1, keepdim=True)
for i in range(10):
    loss = ((h(rf(x)) - y) ** 2).mean()
    o.zero_grad()
    loss.backward()
    o.step()
