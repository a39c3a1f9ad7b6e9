import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(0)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2 = nn.Linear(6, 16), nn.Linear(16, 1)
    def forward(self, x):
        h = torch.sigmoid(self.l1(x))
        h *= 2.0  # coach: inplace-breaks-backward; fix: h * 2
        return self.l2(h)
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for i in range(5):
    x = torch.randn(20, 6)
    loss = F.mse_loss(net(x), x[:, :1])
    opt.zero_grad()
    loss.backward()
    opt.step()
