import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(0)
# the hidden features are multiplied by a mask that is always zero
mask = torch.ones(24)
mask[:] = 0  # coach: degenerate-activation
class Masked(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(6, 24), nn.Linear(24, 1)
    def forward(self, x):
        return self.b(torch.tanh(self.a(x)) * mask)
net = Masked()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for i in range(30):
    x = torch.randn(40, 6)
    loss = F.mse_loss(net(x), x[:, :1] * 0.5)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i % 10 == 0: print(i, loss.item())
# coach-also: constant-predictions, loss-plateau, vanishing-gradients, stale-optimizer
