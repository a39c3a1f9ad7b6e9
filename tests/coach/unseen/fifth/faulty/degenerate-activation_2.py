import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(83)


class AttnPool(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.proj, self.score = nn.Linear(d, d), nn.Linear(d, 1)

    def forward(self, h):
        s = self.score(torch.tanh(self.proj(h)))
        a = F.softmax(s, dim=-1)  # coach: degenerate-activation; fix: dim=1
        return (a * h).sum(dim=1)


class MIL(nn.Module):
    """attention-based multiple instance learning"""

    def __init__(self, d=10, h=24):
        super().__init__()
        self.inst = nn.Sequential(nn.Linear(d, h), nn.ReLU())
        self.pool = AttnPool(h)
        self.cls = nn.Linear(h, 2)

    def forward(self, bag):
        return self.cls(self.pool(self.inst(bag)))


signal = torch.randn(10)
bags = torch.randn(320, 9, 10)
label = torch.randint(0, 2, (320,))
bags[:, 0] += label[:, None].float() * signal * 1.5
order = torch.argsort(torch.rand(320, 9), dim=1)
bags = bags.gather(1, order[:, :, None].expand(-1, -1, 10))

dl = DataLoader(TensorDataset(bags, label), batch_size=32, shuffle=True)
net = MIL()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
for epoch in range(6):
    hit = 0
    for xb, yb in dl:
        out = net(xb)
        loss = F.cross_entropy(out, yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        hit += (out.argmax(1) == yb).sum().item()
    print(epoch, loss.item(), hit / 320)
