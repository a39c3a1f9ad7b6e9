import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(6, 10), nn.Tanh(), nn.Linear(10, 2))
with torch.no_grad():
    for p in net.parameters():
        p.fill_(0.5)  # coach: bad-init
opt = torch.optim.SGD(net.parameters(), lr=0.05)
x = torch.randn(64, 6)
y = (x[:, 0] > 0).long()
for i in range(15):
    loss = nn.functional.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()  # coach-also: constant-predictions, loss-plateau
