import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inp = nn.Linear(3, 16)
        self.out = nn.Linear(16, 1)

    def forward(self, x):
        h = torch.relu(self.inp(x))
        return self.out(h * 1e-5)


torch.manual_seed(1)
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
x = torch.randn(64, 3)
y = x.sum(1, keepdim=True)
for i in range(35):
    opt.zero_grad()
    loss = F.mse_loss(net(x), y)  # coach: constant-predictions
    loss.backward()
    opt.step()  # coach-also: vanishing-gradients, update-ratio-low, degenerate-activation
