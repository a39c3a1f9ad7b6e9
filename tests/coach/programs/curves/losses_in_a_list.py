import gradbook as torch
from gradbook import nn

net = nn.Sequential(nn.Linear(2, 10), nn.Tanh(), nn.Linear(10, 1))
opt = torch.optim.Adam(net.parameters(), lr=0.01)
x = torch.rand(50, 2)
y = torch.sin(3 * x[:, :1]) + x[:, 1:]
losses = []
for step in range(25):
    loss = ((net(x) - y) ** 2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    losses.append(loss)  # coach: loss-keeps-graph; fix: losses.append(loss.item())
print(min(float(v) for v in losses))
