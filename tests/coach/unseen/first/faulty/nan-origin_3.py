import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# masked attention where one row is fully masked
torch.manual_seed(40)
class Pool(nn.Module):
    def __init__(self):
        super().__init__()
        self.score = nn.Linear(8, 1)
        self.out = nn.Linear(8, 2)
    def forward(self, x, mask):
        s = self.score(x).squeeze(-1)
        s = s.masked_fill(~mask, float("-inf"))
        a = torch.softmax(s, dim=1)  # coach: nan-origin
        return self.out((a.unsqueeze(-1) * x).sum(1))
net = Pool()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for it in range(8):
    x = torch.randn(16, 5, 8)
    lengths = torch.randint(0 if it == 4 else 1, 6, (16,))
    if it == 4:
        lengths[3] = 0
    mask = torch.arange(5)[None, :] < lengths[:, None]
    y = (x[:, 0, 0] > 0).long()
    loss = F.cross_entropy(net(x, mask), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(it, loss.item())
# coach-also: loss-diverged
