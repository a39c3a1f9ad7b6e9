import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(0)
class Gate(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(10, 32)
        self.l2 = nn.Linear(32, 2)
        nn.init.normal_(self.l1.weight, std=8.0)  # coach: saturated-activation
    def forward(self, x):
        return self.l2(torch.tanh(self.l1(x)))
net = Gate()
opt = torch.optim.Adam(net.parameters(), lr=3e-3)
for i in range(40):
    x = torch.randn(48, 10)
    y = (x[:, 0] + x[:, 1] > 0).long()
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i % 10 == 0: print(i, loss.item())
# coach-also: bad-init, vanishing-gradients
