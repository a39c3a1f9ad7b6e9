import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

net = nn.Linear(8, 16)
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for step in range(6):
    x = torch.randn(32, 8)
    z = F.normalize(net(x), dim=1)
    z2 = F.normalize(net(x + 0.05 * torch.randn_like(x)), dim=1)
    loss = F.cross_entropy(z @ z2.T / 0.07, torch.arange(32))
    opt.zero_grad()
    loss.backward()
    opt.step()
