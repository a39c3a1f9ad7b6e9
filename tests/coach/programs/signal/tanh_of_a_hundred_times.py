import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2, self.l3 = nn.Linear(4, 20), nn.Linear(20, 20), nn.Linear(20, 1)

    def forward(self, x):
        x = torch.tanh(self.l1(x))
        x = torch.tanh(100 * self.l2(x))  # coach: saturated-activation
        return self.l3(x)


torch.manual_seed(0)
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
x = torch.randn(60, 4)
y = x.sum(1, keepdim=True)
for i in range(12):
    loss = F.mse_loss(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
