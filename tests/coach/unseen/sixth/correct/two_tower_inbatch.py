"""Two-tower retrieval with in-batch negatives; the temperature is learned."""
import math

import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class Tower(nn.Module):
    def __init__(self, n_in, dim=16):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(n_in, 48), nn.ReLU(), nn.Linear(48, dim))

    def forward(self, x):
        return F.normalize(self.net(x), dim=1)


class TwoTower(nn.Module):
    def __init__(self, n_user, n_item):
        super().__init__()
        self.user_tower = Tower(n_user)
        self.item_tower = Tower(n_item)
        self.log_scale = nn.Parameter(torch.tensor(math.log(5.0)))

    def forward(self, users, items):
        return self.log_scale.exp() * self.user_tower(users) @ self.item_tower(items).T


def interactions(n, mix_u, mix_i):
    shared = torch.randn(n, 6)
    users = shared @ mix_u + 0.3 * torch.randn(n, mix_u.shape[1])
    items = shared @ mix_i + 0.3 * torch.randn(n, mix_i.shape[1])
    return TensorDataset(users / 2.5, items / 2.5)


def train(model, loader, optimizer):
    model.train()
    total = 0.0
    for users, items in loader:
        logits = model(users, items)
        labels = torch.arange(len(users))
        loss = 0.5 * (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(loader)


@torch.no_grad()
def hit_rate(model, loader, k=5):
    model.eval()
    hits = n = 0
    for users, items in loader:
        top = model(users, items).topk(k, dim=1).indices
        hits += (top == torch.arange(len(users)).unsqueeze(1)).any(dim=1).sum().item()
        n += len(users)
    return hits / n


torch.manual_seed(123)
mix_u, mix_i = torch.randn(6, 10), torch.randn(6, 14)
train_dl = DataLoader(interactions(768, mix_u, mix_i), batch_size=64, shuffle=True, drop_last=True)
valid_dl = DataLoader(interactions(128, mix_u, mix_i), batch_size=64)
model = TwoTower(10, 14)
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(6):
    loss = train(model, train_dl, optimizer)
    print(f"epoch {epoch}: loss {loss:.3f}  hit@5 {hit_rate(model, valid_dl):.3f}")
