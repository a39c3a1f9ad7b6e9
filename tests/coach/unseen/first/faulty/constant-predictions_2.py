import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(81)
# LayerNorm over a single feature
class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(6, 24)
        self.fc2 = nn.Linear(24, 1)
        self.norm = nn.LayerNorm(1)  # coach: constant-predictions
    def forward(self, x):
        return self.norm(self.fc2(F.relu(self.fc1(x))))
h = Head()
opt = torch.optim.Adam(h.parameters(), lr=5e-3)
for i in range(40):
    x = torch.randn(32, 6)
    y = x[:, :1] + 0.3
    loss = F.mse_loss(h(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i % 10 == 0: print(i, loss.item())
# coach-also: loss-plateau, vanishing-gradients, degenerate-activation, stale-optimizer
