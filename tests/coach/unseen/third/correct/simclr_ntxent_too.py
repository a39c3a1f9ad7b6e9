import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, Dataset

torch.manual_seed(31)


class AugmentedPairs(Dataset):
    def __init__(self, n=500, k=6, d=16):
        self.y = torch.randint(0, k, (n,))
        x = 1.5 * torch.randn(k, d)[self.y] + torch.randn(n, d)
        self.x = (x - x.mean(0)) / x.std(0)

    def __len__(self):
        return len(self.y)

    @staticmethod
    def augment(v):
        keep = (torch.rand_like(v) > 0.2).float()
        return v * keep + 0.2 * torch.randn_like(v)

    def __getitem__(self, i):
        return self.augment(self.x[i]), self.augment(self.x[i])


class Net(nn.Module):
    def __init__(self, d=16):
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Linear(d, 64, bias=False), nn.BatchNorm1d(64), nn.ReLU(inplace=True), nn.Linear(64, 32)
        )
        self.head = nn.Sequential(nn.ReLU(), nn.Linear(32, 16))

    def forward(self, x):
        return F.normalize(self.head(self.backbone(x)), dim=-1)


def nt_xent(z1, z2, tau=0.3):
    n = len(z1)
    z = torch.cat([z1, z2])
    sim = z @ z.t() / tau
    sim = sim.masked_fill(torch.eye(2 * n, dtype=torch.bool), float("-inf"))
    partner = torch.cat([torch.arange(n, 2 * n), torch.arange(n)])
    return F.cross_entropy(sim, partner)


data = AugmentedPairs()
loader = DataLoader(data, batch_size=64, shuffle=True, drop_last=True)
net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.2, momentum=0.9, weight_decay=1e-4)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=10)

for epoch in range(10):
    net.train()
    total = 0.0
    for v1, v2 in loader:
        loss = nt_xent(net(v1), net(v2))
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
    sched.step()
    print(f"epoch {epoch} nt-xent {total / len(loader):.3f} lr {sched.get_last_lr()[0]:.3f}")

net.eval()
with torch.no_grad():
    feats = F.normalize(net.backbone(data.x), dim=1)
    sims = (feats @ feats.t()).fill_diagonal_(-1)
    print("1-nn accuracy", (data.y[sims.argmax(1)] == data.y).float().mean().item())
