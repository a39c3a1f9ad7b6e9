import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(5, 24), nn.Linear(24, 1)

    def forward(self, x):
        return self.b(F.relu(self.a(x) - 8))  # coach: dead-relu


torch.manual_seed(0)
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.01)
x = torch.randn(60, 5)
t = x.mean(1, keepdim=True)
for i in range(10):
    loss = F.l1_loss(net(x), t)
    opt.zero_grad()
    loss.backward()
    opt.step()  # coach-also: constant-predictions, degenerate-activation, loss-plateau, vanishing-gradients
