import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(87)
class TabNet(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.fc1 = nn.Linear(n, 32)  # coach: bias-before-batchnorm; fix: bias=False
        self.bn1 = nn.BatchNorm1d(32)
        self.fc2 = nn.Linear(32, 1)
    def forward(self, x):
        return self.fc2(F.relu(self.bn1(self.fc1(x))))
m = TabNet(7)
m.train()
opt = torch.optim.AdamW(m.parameters(), lr=5e-3)
for i in range(30):
    x = torch.randn(64, 7)
    y = x[:, :1] * x[:, 1:2]
    loss = F.smooth_l1_loss(m(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i % 10 == 0: print(i, loss.item())
