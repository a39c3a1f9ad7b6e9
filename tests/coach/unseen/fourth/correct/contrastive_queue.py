from collections import deque

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(50)
TEMP = 0.2


class Projector(nn.Module):
    def __init__(self, d=16, h=32, out=12):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(d, h), nn.ReLU(), nn.Linear(h, h), nn.ReLU())
        self.proj = nn.Linear(h, out)

    def forward(self, x):
        return F.normalize(self.proj(self.encoder(x)), dim=1)


def augment(x):
    keep = (torch.rand_like(x) > 0.1).float()
    return x * keep + 0.15 * torch.randn_like(x)


def info_nce(a, b, queue):
    pos = (a * b).sum(1, keepdim=True)
    sims = a @ b.t()
    mask = torch.eye(len(a), dtype=torch.bool)
    negs = [sims.masked_fill(mask, -1e4)]
    if queue:
        negs.append(a @ torch.cat(list(queue)).t())
    logits = torch.cat([pos] + negs, dim=1) / TEMP
    return F.cross_entropy(logits, torch.zeros(len(a), dtype=torch.int64))


ident = torch.randint(0, 5, (240,))
x = torch.randn(5, 16)[ident] + 0.7 * torch.randn(240, 16)
x = (x - x.mean(0)) / x.std(0)
loader = DataLoader(TensorDataset(x), batch_size=24, shuffle=True, drop_last=True)
net = Projector()
opt = torch.optim.Adam(net.parameters(), lr=2e-3)
queue = deque(maxlen=4)
for epoch in range(8):
    net.train()
    total = 0.0
    for (xb,) in loader:
        za, zb = net(augment(xb)), net(augment(xb))
        loss = info_nce(za, zb, queue)
        opt.zero_grad()
        loss.backward()
        opt.step()
        queue.append(zb.detach())
        total += loss.item()
    print(f"epoch {epoch} nce {total / len(loader):.3f}")
