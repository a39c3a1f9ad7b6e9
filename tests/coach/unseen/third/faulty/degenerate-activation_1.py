"""Siamese sequence embedding with attention pooling; pairs come from the same or different motif."""
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(6)
T, C = 30, 5
motifs = 2.5 * torch.randn(4, C)


def sequences(kind):
    x = torch.randn(len(kind), T, C)
    where = torch.randint(0, T, (len(kind),))
    x[torch.arange(len(kind)), where] += motifs[kind]
    return x


def make_pairs(n):
    a = torch.randint(0, 4, (n,))
    same = torch.rand(n) < 0.5
    b = torch.where(same, a, (a + torch.randint(1, 4, (n,))) % 4)
    return sequences(a), sequences(b), same.float()


class Tower(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.embed = nn.Linear(C, width)
        self.score = nn.Linear(width, 1)
        self.proj = nn.Linear(width, 8)

    def forward(self, x):
        h = torch.tanh(self.embed(x))
        attn = torch.softmax(self.score(h), dim=-1)  # coach: degenerate-activation; fix: dim=1
        pooled = (attn * h).sum(dim=1)
        return self.proj(pooled)


def contrastive_loss(za, zb, same, margin=1.5):
    d = F.pairwise_distance(za, zb)
    return (same * d.pow(2) + (1 - same) * F.relu(margin - d).pow(2)).mean()


tower = Tower()
optim = torch.optim.Adam(tower.parameters(), lr=5e-3)
for step in range(1, 241):
    xa, xb, same = make_pairs(64)
    loss = contrastive_loss(tower(xa), tower(xb), same)
    optim.zero_grad()
    loss.backward()
    optim.step()
    if step % 40 == 0:
        print(f"{step:4d} {loss.item():.4f}")
