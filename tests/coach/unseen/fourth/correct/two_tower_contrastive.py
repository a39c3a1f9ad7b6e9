# Two towers, in-batch negatives: each user's bought item must outrank the other items of the batch
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(64)
latent = torch.randn(1500, 4)
user_feats = latent @ torch.randn(4, 12) / 2 + 0.2 * torch.randn(1500, 12)
item_feats = latent @ torch.randn(4, 10) / 2 + 0.2 * torch.randn(1500, 10)
user_feats = (user_feats - user_feats.mean(0)) / user_feats.std(0)
item_feats = (item_feats - item_feats.mean(0)) / item_feats.std(0)


class Tower(nn.Module):
    def __init__(self, n_in, n_out=8):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(n_in, 32), nn.ReLU(), nn.Linear(32, n_out))

    def forward(self, x):
        return F.normalize(self.net(x), dim=1)


users, items = Tower(12), Tower(10)
log_scale = nn.Parameter(torch.tensor(1.6))
opt = torch.optim.Adam([*users.parameters(), *items.parameters(), log_scale], lr=5e-3)
loader = DataLoader(TensorDataset(user_feats, item_feats), batch_size=50, shuffle=True, drop_last=True)

for epoch in range(6):
    total, top1 = 0.0, 0
    for xu, xi in loader:
        sims = users(xu) @ items(xi).t() * log_scale.exp()
        diag = torch.arange(len(xu))
        loss = 0.5 * (F.cross_entropy(sims, diag) + F.cross_entropy(sims.t(), diag))
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()
        top1 += (sims.argmax(1) == diag).sum().item()
    print(f"epoch {epoch} loss {total / len(loader):.3f} top-1 {top1 / (50 * len(loader)):.3f}")
