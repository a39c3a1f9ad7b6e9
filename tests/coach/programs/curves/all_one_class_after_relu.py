import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
with torch.no_grad():
    net[2].bias.copy_(torch.tensor([2.0, 0.0, 0.0]))
opt = torch.optim.SGD(net.parameters(), lr=1e-3)
x, y = torch.randn(90, 4), torch.arange(90) % 3
for epoch in range(40):
    loss = nn.functional.cross_entropy(net(x), y)  # coach: constant-predictions; fix: lr=
    opt.zero_grad()
    loss.backward()
    opt.step()  # coach-also: loss-plateau, bad-init
