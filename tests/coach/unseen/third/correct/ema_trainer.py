import copy
from types import SimpleNamespace

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.optim.lr_scheduler import CosineAnnealingLR
from gradbook.utils.data import DataLoader, TensorDataset, random_split


class ModelEMA:
    def __init__(self, model, decay):
        self.module = copy.deepcopy(model).eval()
        self.module.requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, model):
        for e, p in zip(self.module.parameters(), model.parameters()):
            e.mul_(self.decay).add_(p, alpha=1 - self.decay)
        for e, b in zip(self.module.buffers(), model.buffers()):
            e.copy_(b)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Linear(16, 64, bias=False)
        self.norm = nn.BatchNorm1d(64)
        self.head = nn.Linear(64, 4)

    def forward(self, x):
        return self.head(F.silu(self.norm(self.stem(x))))


@torch.no_grad()
def evaluate(model, loader):
    mode = model.training
    model.eval()
    hits = sum((model(x).argmax(-1) == y).sum().item() for x, y in loader)
    model.train(mode)
    return hits / len(loader.dataset)


cfg = SimpleNamespace(lr=4e-3, epochs=5, ema_decay=0.9)
torch.manual_seed(4)
y = torch.arange(512) % 4
x = torch.randn(4, 16)[y] + torch.randn(512, 16)
train_set, val_set = random_split(TensorDataset((x - x.mean(0)) / x.std(0), y), [400, 112])
train_loader = DataLoader(train_set, batch_size=40, shuffle=True)
val_loader = DataLoader(val_set, batch_size=56)
model = Net()
ema = ModelEMA(model, cfg.ema_decay)
optimizer = torch.optim.AdamW(model.parameters(), lr=cfg.lr, weight_decay=0.01)
scheduler = CosineAnnealingLR(optimizer, T_max=cfg.epochs * len(train_loader))
for epoch in range(cfg.epochs):
    model.train()
    for xb, yb in train_loader:
        loss = F.cross_entropy(model(xb), yb, label_smoothing=0.05)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        scheduler.step()
        ema.update(model)
    print(f"epoch {epoch} raw {evaluate(model, val_loader):.3f} ema {evaluate(ema.module, val_loader):.3f}")
