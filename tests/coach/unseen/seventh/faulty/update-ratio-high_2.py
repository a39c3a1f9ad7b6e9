import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, Dataset, random_split

torch.manual_seed(121)


class Visits(Dataset):
    """A shop id and five measured features; the target depends on both."""

    def __init__(self, n, shops=12):
        self.shop = torch.randint(0, shops, (n,))
        self.feat = torch.randn(n, 5)
        y = 0.7 * torch.randn(shops)[self.shop] + self.feat @ torch.randn(5) + 0.1 * torch.randn(n)
        self.y = (y - y.mean()) / y.std()

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.shop[i], self.feat[i], self.y[i]


class Sales(nn.Module):
    def __init__(self, shops=12, d=8):
        super().__init__()
        self.embed = nn.Embedding(shops, d)
        self.mlp = nn.Sequential(nn.Linear(d + 5, 64), nn.Tanh(), nn.Linear(64, 1))

    def forward(self, shop, feat):
        return self.mlp(torch.cat([self.embed(shop), feat], dim=1)).squeeze(1)


def evaluate(model, loader):
    model.eval()
    with torch.no_grad():
        total = sum(F.mse_loss(model(s, f), y).item() for s, f, y in loader)
    model.train()
    return total / len(loader)


base_lr = 1e-3
model = Sales()
groups = [
    {"params": model.embed.parameters(), "lr": 3 * base_lr},
    {"params": model.mlp.parameters(), "lr": 500 * base_lr},  # coach: update-ratio-high; fix: lr
]
opt = torch.optim.Adam(groups, lr=base_lr)  # coach-line: update-ratio-high
train, val = random_split(Visits(1000), [800, 200])
train_loader = DataLoader(train, batch_size=40, shuffle=True)  # coach-also: learning-rate-too-high
val_loader = DataLoader(val, batch_size=40)
for epoch in range(4):
    losses = []
    for s, f, y in train_loader:
        loss = F.mse_loss(model(s, f), y)
        opt.zero_grad()
        loss.backward()  # coach-also: saturated-activation
        opt.step()  # coach-also: exploding-gradients
        losses.append(loss.item())
    print(epoch, [round(v, 2) for v in losses[::5]], "val", round(evaluate(model, val_loader), 3))
