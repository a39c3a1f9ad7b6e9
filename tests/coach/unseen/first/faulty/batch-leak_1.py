import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(0)
# attention over the wrong axis: softmax across samples
class AttPool(nn.Module):
    def __init__(self):
        super().__init__()
        self.s, self.o = nn.Linear(6, 1), nn.Linear(6, 2)
    def forward(self, x):                       # (B, T, 6)
        w = torch.softmax(self.s(x), dim=0)  # coach: batch-leak; fix: dim=1
        return self.o((w * x).sum(1))
net = AttPool()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for i in range(30):
    x = torch.randn(20, 8, 6)
    y = (x[:, :, 0].mean(1) > 0).long()
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i % 10 == 0: print(i, loss.item())
