import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

net = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 3))
opt = torch.optim.SGD(net.parameters(), lr=0.1)
x, y = torch.randn(80, 5), torch.randint(0, 3, (80,))
for step in range(10):
    batch = torch.randperm(80)[:32]
    with torch.no_grad():
        hardness = F.cross_entropy(net(x[batch]), y[batch], reduction="none")
    hard = batch[hardness.topk(8).indices]
    loss = F.cross_entropy(net(x[hard]), y[hard])
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(step, loss.item())
