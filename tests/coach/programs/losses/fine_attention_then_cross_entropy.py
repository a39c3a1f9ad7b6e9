import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn


class Pool(nn.Module):
    def __init__(self):
        super().__init__()
        self.score, self.out = nn.Linear(8, 1), nn.Linear(8, 3)

    def forward(self, x):
        weights = F.softmax(self.score(x), dim=1)
        return self.out((weights * x).sum(1))


net = Pool()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
x, y = torch.randn(32, 5, 8), torch.randint(0, 3, (32,))
for _ in range(5):
    opt.zero_grad()
    F.cross_entropy(net(x), y).backward()
    opt.step()
