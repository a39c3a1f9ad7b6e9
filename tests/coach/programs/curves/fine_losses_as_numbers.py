import gradbook as torch
from gradbook import nn

net = nn.Linear(2, 1)
opt = torch.optim.Adam(net.parameters(), lr=0.01)
x = torch.rand(50, 2)
y = x.sum(1, keepdim=True)
losses, tensors, total, best = [], [], 0.0, None
for step in range(20):
    loss = ((net(x) - y) ** 2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    losses.append(loss.item())
    tensors.append(loss.detach())
    total += float(loss)
    if best is None or loss < best:
        best = loss
