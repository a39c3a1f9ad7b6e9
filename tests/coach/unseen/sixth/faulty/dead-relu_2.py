"""Focal loss (RetinaNet) on a 1-vs-rest anchor toy; prior-probability initialisation from the paper."""
import math
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import TensorDataset, DataLoader

torch.manual_seed(5)
PI = 0.1


def focal(logits, target, gamma=2.0):
    ce = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    p_t = torch.exp(-ce)
    return ((1 - p_t) ** gamma * ce).mean()


class Subnet(nn.Module):
    def __init__(self, d=12, w=32, k=3):
        super().__init__()
        self.tower = nn.Sequential(nn.Linear(d, w), nn.ReLU(), nn.Linear(w, w), nn.ReLU())
        self.score = nn.Linear(w, k)
        for m in self.modules():
            if isinstance(m, nn.Linear):
                nn.init.constant_(m.bias, -math.log((1 - PI) / PI))  # coach: dead-relu

    def forward(self, x):
        return self.score(self.tower(x))


cls = torch.arange(900) % 3
mu = torch.randn(3, 12)
x = mu[cls] + 0.7 * torch.randn(900, 12)
x = (x - x.mean(0)) / x.std(0)  # coach-also: bad-init
y = F.one_hot(cls, 3).float()
dl = DataLoader(TensorDataset(x, y), batch_size=60, shuffle=True)

net = Subnet()
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
for ep in range(8):
    s = 0.0
    for xb, yb in dl:
        opt.zero_grad()
        loss = focal(net(xb), yb)
        loss.backward()
        opt.step()
        s += loss.item()
    print(ep, round(s / len(dl), 4))
# coach-also: degenerate-activation
