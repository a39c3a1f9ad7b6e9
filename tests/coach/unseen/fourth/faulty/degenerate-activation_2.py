"""Attention pooling over a bag of instances (multiple-instance learning)."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(43)


class AttentionPool(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.score = nn.Sequential(nn.Linear(d, 16), nn.Tanh(), nn.Linear(16, 1))

    def forward(self, h):                      # (bags, instances, d)
        w = torch.softmax(self.score(h), dim=-1)  # coach: degenerate-activation; fix: dim=1
        return (w * h).sum(dim=1)


class BagClassifier(nn.Module):
    def __init__(self, d_in=5, d=24):
        super().__init__()
        self.inst = nn.Sequential(nn.Linear(d_in, d), nn.ReLU())
        self.pool = AttentionPool(d)
        self.out = nn.Linear(d, 2)

    def forward(self, bags):
        return self.out(self.pool(self.inst(bags)))


def make_bags(n, size=10):
    y = torch.randint(0, 2, (n,))
    bags = torch.randn(n, size, 5)
    where = torch.randint(0, size, (n,))
    bags[torch.arange(n), where] += 2.5 * y.unsqueeze(1).float()
    return bags, y


bags, y = make_bags(320)
net = BagClassifier()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(8):
    for idx in torch.randperm(320).split(40):
        loss = F.cross_entropy(net(bags[idx]), y[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, round(loss.item(), 4))
