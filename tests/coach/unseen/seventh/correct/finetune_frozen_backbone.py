# %%
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(137)


# %%
class Backbone(nn.Module):
    def __init__(self, n_in=12, width=32):
        super().__init__()
        self.fc1 = nn.Linear(n_in, width, bias=False)
        self.bn1 = nn.BatchNorm1d(width)
        self.fc2 = nn.Linear(width, width, bias=False)
        self.bn2 = nn.BatchNorm1d(width)

    def forward(self, x):
        return torch.relu(self.bn2(self.fc2(torch.relu(self.bn1(self.fc1(x))))))


def task(classes, n):
    mu = torch.randn(classes, 12) * 1.2
    y = torch.randint(0, classes, (n,))
    x = mu[y] + torch.randn(n, 12)
    return TensorDataset((x - x.mean(0)) / x.std(0), y)


def run_epoch(net, loader, opt):
    losses = []
    for x, y in loader:
        opt.zero_grad()
        loss = F.cross_entropy(net(x), y)
        loss.backward()
        opt.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)


# %%
backbone = Backbone()
source = nn.Sequential(backbone, nn.Linear(32, 5))
opt = torch.optim.Adam(source.parameters(), lr=3e-3)
loader = DataLoader(task(5, 400), batch_size=40, shuffle=True)
source.train()
for epoch in range(5):
    print("pretrain", epoch, round(run_epoch(source, loader, opt), 4))

# %%
for p in backbone.parameters():
    p.requires_grad_(False)
target = nn.Sequential(backbone, nn.Linear(32, 3))
head_opt = torch.optim.Adam(target[1].parameters(), lr=5e-3)
small = DataLoader(task(3, 240), batch_size=40, shuffle=True)

# %%
for epoch in range(8):
    target.train()
    backbone.eval()
    print("head only", epoch, round(run_epoch(target, small, head_opt), 4))

# %%
backbone.requires_grad_(True)
all_opt = torch.optim.Adam([
    {"params": backbone.parameters(), "lr": 1e-4},
    {"params": target[1].parameters(), "lr": 1e-3},
])
for epoch in range(4):
    target.train()
    print("unfrozen", epoch, round(run_epoch(target, small, all_opt), 4))
