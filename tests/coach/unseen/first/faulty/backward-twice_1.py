import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for i in range(5):
    x = torch.randn(20, 4)
    pred = net(x)
    mse = F.mse_loss(pred, x[:, :1])
    mae = F.l1_loss(pred, x[:, :1])
    opt.zero_grad()
    mse.backward()
    mae.backward()  # coach: backward-twice
    opt.step()
