import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 2))
with torch.no_grad():
    net[0].bias.fill_(-6.0)  # coach: dead-relu
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for i in range(40):
    x = torch.randn(32, 8)
    y = (x[:, 0] > 0).long()
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i % 10 == 0: print(i, loss.item())
# coach-also: bad-init, degenerate-activation, constant-predictions, loss-plateau
