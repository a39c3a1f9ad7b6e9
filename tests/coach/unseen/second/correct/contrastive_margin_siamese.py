"""Siamese network with the margin contrastive loss; the two branches share one encoder."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)


class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 4))

    def forward(self, a, b):
        return self.encoder(a), self.encoder(b)


def contrastive(za, zb, same, margin=1.0):
    d = F.pairwise_distance(za, zb)
    return (same * d.pow(2) + (1 - same) * F.relu(margin - d).pow(2)).mean()


centres = 1.5 * torch.randn(4, 10)


def pairs(n):
    ka = torch.randint(0, 4, (n,))
    same = (torch.rand(n) < 0.5).float()
    kb = torch.where(same.bool(), ka, (ka + torch.randint(1, 4, (n,))) % 4)
    return centres[ka] + 0.5 * torch.randn(n, 10), centres[kb] + 0.5 * torch.randn(n, 10), same


model = Siamese()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for step in range(80):
    a, b, same = pairs(48)
    loss = contrastive(*model(a, b), same)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 20 == 0 or step == 79:
        print(step, round(loss.item(), 4))
