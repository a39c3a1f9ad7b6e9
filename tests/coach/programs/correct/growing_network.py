import gradbook as torch
import gradbook.nn as nn

net = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
head = nn.Linear(8, 1)
x = torch.randn(30, 4)
y = x.sum(1, keepdim=True)
for stage in range(3):
    if stage:
        net.append(nn.Linear(8, 8))
        net.append(nn.ReLU())
    opt = torch.optim.Adam([*net.parameters(), *head.parameters()], 1e-2)
    for i in range(5):
        loss = ((head(net(x)) - y) ** 2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
