import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(0)
class Deep(nn.Module):
    def __init__(self, depth=3):
        super().__init__()
        self.inp = nn.Linear(5, 16)
        self.hidden = [nn.Linear(16, 16) for _ in range(depth)]  # coach: unused-parameters; fix: nn.ModuleList
        self.out = nn.Linear(16, 1)
    def forward(self, x):
        x = torch.relu(self.inp(x))
        for l in self.hidden:
            x = torch.relu(l(x))
        return self.out(x)
net = Deep()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for i in range(30):
    x = torch.randn(32, 5)
    loss = F.mse_loss(net(x), x[:, :1] - x[:, 1:2])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i % 10 == 0: print(i, loss.item())
# coach-also: stale-optimizer, missing-zero-grad
