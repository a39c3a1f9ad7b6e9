from dataclasses import dataclass

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, Dataset


@dataclass
class SimCLRConfig:
    dim: int = 24
    width: int = 64
    temperature: float = 0.5
    lr: float = 2e-3
    epochs: int = 6


class TwoViews(Dataset):
    def __init__(self, cfg, n=512):
        base = torch.randn(8, cfg.dim)[torch.arange(n) % 8] + 0.5 * torch.randn(n, cfg.dim)
        self.base = (base - base.mean(0)) / base.std(0)

    def augment(self, x):
        return x * (torch.rand_like(x) > 0.15).float() + 0.2 * torch.randn_like(x)

    def __len__(self):
        return len(self.base)

    def __getitem__(self, i):
        return self.augment(self.base[i]), self.augment(self.base[i])


class SimCLR(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(cfg.dim, cfg.width), nn.ReLU(), nn.Linear(cfg.width, cfg.width), nn.ReLU())
        self.projector = nn.Sequential(nn.Linear(cfg.width, cfg.width), nn.ReLU(), nn.Linear(cfg.width, 16))

    def forward(self, x):
        return F.normalize(self.projector(self.encoder(x)), dim=-1)


class NTXent(nn.Module):
    def __init__(self, temperature):
        super().__init__()
        self.t = temperature

    def forward(self, z1, z2):
        n = z1.shape[0]
        z = torch.cat([z1, z2])
        sim = z @ z.t() / self.t
        sim = sim.masked_fill(torch.eye(2 * n, dtype=torch.bool), float("-inf"))
        return F.cross_entropy(sim, torch.arange(2 * n).roll(n))


cfg = SimCLRConfig()
torch.manual_seed(6)
loader = DataLoader(TwoViews(cfg), batch_size=64, shuffle=True, drop_last=True)
model, criterion = SimCLR(cfg), NTXent(cfg.temperature)
optimizer = torch.optim.AdamW(model.parameters(), lr=cfg.lr, weight_decay=1e-4)
for epoch in range(cfg.epochs):
    model.train()
    total = 0.0
    for v1, v2 in loader:
        loss = criterion(model(v1), model(v2))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    print(f"epoch {epoch} nt-xent {total / len(loader):.4f}")
