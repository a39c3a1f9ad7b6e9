import random

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import Dataset, DataLoader


class PairDataset(Dataset):
    """Half of the pairs share the identity, half do not."""

    def __init__(self, n_pairs=192, n_ids=6, dim=14):
        rng = random.Random(0)
        g = torch.Generator().manual_seed(0)
        self.protos = torch.randn(n_ids, dim, generator=g)
        self.items = []
        for k in range(n_pairs):
            a = rng.randrange(n_ids)
            same = k % 2 == 0
            b = a if same else (a + rng.randrange(1, n_ids)) % n_ids
            xa = self.protos[a] + 0.3 * torch.randn(dim, generator=g)
            xb = self.protos[b] + 0.3 * torch.randn(dim, generator=g)
            self.items.append((xa, xb, float(same)))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        return self.items[i]


class Siamese(nn.Module):
    def __init__(self, dim=14):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(dim, 32), nn.ReLU(), nn.Linear(32, 8))

    def forward(self, a, b):
        return F.pairwise_distance(self.net(a), self.net(b))


def contrastive(d, same, margin=1.5):
    return (same * d.pow(2) + (1 - same) * F.relu(margin - d).pow(2)).mean()


torch.manual_seed(0)
loader = DataLoader(PairDataset(), batch_size=32, shuffle=True)
model = Siamese()
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(6):
    losses = []
    for xa, xb, same in loader:
        same = same.float()
        opt.zero_grad()
        loss = contrastive(model(xa, xb), same)
        loss.backward()
        opt.step()
        losses.append(loss.item())
    print(epoch, sum(losses) / len(losses))
