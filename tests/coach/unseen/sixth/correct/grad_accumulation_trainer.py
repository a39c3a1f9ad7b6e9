from dataclasses import dataclass

import gradbook as torch
from gradbook import nn
from gradbook.nn.utils import clip_grad_norm_
from gradbook.optim.lr_scheduler import OneCycleLR
from gradbook.utils.data import DataLoader, TensorDataset


@dataclass
class Config:
    micro_batch: int = 16
    accumulate: int = 4
    epochs: int = 6
    max_lr: float = 4e-3
    clip: float = 1.0
    cards: tuple = (15, 8, 30)


class WideAndDeep(nn.Module):
    def __init__(self, cards, n_numeric, dim=4):
        super().__init__()
        self.wide = nn.ModuleList([nn.Embedding(c, 1) for c in cards])
        self.deep = nn.ModuleList([nn.Embedding(c, dim) for c in cards])
        for table in self.wide:
            nn.init.normal_(table.weight, std=0.1)
        self.mlp = nn.Sequential(nn.Linear(dim * len(cards) + n_numeric, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, cat, num):
        columns = cat.unbind(dim=1)
        wide = sum(e(c) for e, c in zip(self.wide, columns))
        deep = torch.cat([e(c) for e, c in zip(self.deep, columns)] + [num], dim=1)
        return (wide + self.mlp(deep)).squeeze(1)


class Trainer:
    def __init__(self, cfg, model, loader):
        self.cfg, self.model, self.loader = cfg, model, loader
        self.opt = torch.optim.AdamW(model.parameters(), lr=cfg.max_lr / 25)
        steps = cfg.epochs * (len(loader) // cfg.accumulate)
        self.sched = OneCycleLR(self.opt, max_lr=cfg.max_lr, total_steps=steps)
        self.bce = nn.BCEWithLogitsLoss()

    def train(self):
        for epoch in range(self.cfg.epochs):
            self.model.train()
            self.opt.zero_grad()
            total = 0.0
            for i, (cat, num, y) in enumerate(self.loader, start=1):
                loss = self.bce(self.model(cat, num), y)
                (loss / self.cfg.accumulate).backward()
                total += loss.item()
                if i % self.cfg.accumulate == 0:
                    clip_grad_norm_(self.model.parameters(), self.cfg.clip)
                    self.opt.step()
                    self.sched.step()
                    self.opt.zero_grad()
            print(f"epoch {epoch}: {total / len(self.loader):.4f}")


cfg = Config()
torch.manual_seed(88)
n = 1024
cat = torch.stack([torch.randint(0, c, (n,)) for c in cfg.cards], dim=1)
num = torch.randn(n, 5)
effects = [torch.randn(c) for c in cfg.cards]
score = sum(e[cat[:, j]] for j, e in enumerate(effects)) + num[:, 0] - 0.5 * num[:, 3]
clicked = (score + 0.3 * torch.randn(n) > 0).float()
loader = DataLoader(TensorDataset(cat, num, clicked), batch_size=cfg.micro_batch, shuffle=True)
Trainer(cfg, WideAndDeep(cfg.cards, 5), loader).train()
