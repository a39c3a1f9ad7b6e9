import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(92)
class VAEEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 24), nn.Sigmoid())
        self.head = nn.Linear(24, 2)
    def forward(self, x):
        h = torch.sigmoid(self.body(x))  # coach: redundant-activation; fix: self.body(x)
        return self.head(h)
e = VAEEncoder()
opt = torch.optim.Adam(e.parameters(), lr=1e-2)
for i in range(30):
    x = torch.randn(40, 8)
    y = (x[:, 0] > 0).long()
    loss = F.cross_entropy(e(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i % 10 == 0: print(i, loss.item())
