import gradbook as torch
from gradbook import nn

net = nn.Sequential(nn.Linear(12, 30), nn.Tanh(), nn.Linear(30, 30), nn.Tanh(), nn.Linear(30, 3))
for m in net.modules():
    if isinstance(m, nn.Linear):
        nn.init.normal_(m.weight, std=20.0)  # coach: saturated-activation; fix: nn.init.xavier_uniform_(m.weight)
opt = torch.optim.SGD(net.parameters(), lr=0.01)  # coach-also: bad-init
x, y = torch.randn(40, 12), torch.randint(0, 3, (40,))
for i in range(5):
    loss = nn.functional.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
