import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# RNN by hand with a preallocated hidden buffer
torch.manual_seed(27)
Wx, Wh = nn.Linear(3, 8), nn.Linear(8, 8)
Wo = nn.Linear(8, 1)
opt = torch.optim.SGD([*Wx.parameters(), *Wh.parameters(), *Wo.parameters()], lr=0.05)
for it in range(4):
    x = torch.randn(10, 5, 3)
    y = x.sum((1, 2)).unsqueeze(1) / 4
    hidden = torch.zeros(6, 10, 8)
    for t in range(5):
        hidden[t + 1] = torch.tanh(Wx(x[:, t]) + Wh(hidden[t]))  # coach: inplace-breaks-backward
    loss = F.mse_loss(Wo(hidden[5]), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
