import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(32)
class Deep(nn.Module):
    def __init__(self):
        super().__init__()
        self.stack = nn.ModuleList([nn.Linear(24, 24) for _ in range(8)])
        for s in self.stack:
            nn.init.normal_(s.weight, std=1.0)  # coach: exploding-gradients
        self.last = nn.Linear(24, 2)
    def forward(self, x):
        for s in self.stack:
            x = F.relu(s(x))
        return self.last(x)
d = Deep()
opt = torch.optim.Adam(d.parameters(), lr=1e-3)
for it in range(20):
    x = torch.randn(32, 24)
    y = (x.sum(1) > 0).long()
    loss = F.cross_entropy(d(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 5 == 0: print(it, loss.item())
# coach-also: bad-init, suspicious-initial-loss, loss-diverged, degenerate-activation
