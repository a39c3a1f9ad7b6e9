from dataclasses import dataclass, field

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, Dataset

LOSSES = {"mse": F.mse_loss, "ce": F.cross_entropy, "bce": F.binary_cross_entropy_with_logits}


@dataclass
class Task:
    loss: str
    out: int


@dataclass
class Config:
    tasks: dict = field(default_factory=lambda: {"depth": Task("mse", 1), "kind": Task("ce", 3), "edge": Task("bce", 1)})
    epochs: int = 6


class Scenes(Dataset):
    def __init__(self, n=480):
        self.x = torch.randn(n, 12)
        depth = self.x[:, :3].sum(1) + 0.1 * torch.randn(n)
        self.depth = (depth - depth.mean()) / depth.std()
        self.kind = self.x[:, 3:6].argmax(1)
        self.edge = (self.x[:, 6] > self.x[:, 7]).float()

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return self.x[i], {"depth": self.depth[i], "kind": self.kind[i], "edge": self.edge[i]}


class SharedTrunk(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(12, 64), nn.ReLU())
        self.heads = nn.ModuleDict({name: nn.Linear(64, t.out) for name, t in cfg.tasks.items()})

    def forward(self, x):
        h = self.trunk(x)
        return {name: head(h).squeeze(-1) for name, head in self.heads.items()}


class UncertaintyWeighting(nn.Module):
    def __init__(self, names):
        super().__init__()
        self.log_var = nn.ParameterDict({n: nn.Parameter(torch.zeros(())) for n in names})

    def forward(self, losses):
        return sum(torch.exp(-self.log_var[n]) * l + 0.5 * self.log_var[n] for n, l in losses.items())


cfg = Config()
torch.manual_seed(15)
loader = DataLoader(Scenes(), batch_size=48, shuffle=True)
model, weighting = SharedTrunk(cfg), UncertaintyWeighting(cfg.tasks)
optimizer = torch.optim.Adam([*model.parameters(), *weighting.parameters()], lr=3e-3)
for epoch in range(cfg.epochs):
    for x, target in loader:
        out = model(x)
        losses = {n: LOSSES[t.loss](out[n], target[n]) for n, t in cfg.tasks.items()}
        optimizer.zero_grad()
        weighting(losses).backward()
        optimizer.step()
    print(epoch, {n: round(l.item(), 3) for n, l in losses.items()})
