"""Imbalanced fraud scorer: weighted loss, EMA weights for serving, plateau scheduler on the validation loss."""
import copy

import gradbook as torch
from gradbook import nn
from gradbook.optim.lr_scheduler import ReduceLROnPlateau
from gradbook.utils.data import DataLoader, TensorDataset


class EMA:
    def __init__(self, model, decay=0.95):
        self.decay = decay
        self.shadow = copy.deepcopy(model).eval()
        for p in self.shadow.parameters():
            p.requires_grad_(False)

    @torch.no_grad()
    def update(self, model):
        for s, p in zip(self.shadow.parameters(), model.parameters()):
            s.mul_(self.decay).add_(p, alpha=1 - self.decay)


def fraud_net(d):
    return nn.Sequential(nn.Linear(d, 32), nn.LayerNorm(32), nn.ReLU(), nn.Linear(32, 1), nn.Flatten(0))


def payments(n, d=8, rate=0.08):
    y = (torch.rand(n) < rate).float()
    x = torch.randn(n, d)
    x[:, :3] += 1.8 * y.unsqueeze(1)
    return x, y


@torch.no_grad()
def evaluate(net, loader, criterion):
    net.eval()
    loss = caught = frauds = 0.0
    for x, y in loader:
        logits = net(x)
        loss += criterion(logits, y).item()
        caught += ((logits > 0).float() * y).sum().item()
        frauds += y.sum().item()
    return loss / len(loader), caught / frauds


torch.manual_seed(50)
(x, y), (xv, yv) = payments(2400), payments(600)
mu, sd = x.mean(0), x.std(0)
train_dl = DataLoader(TensorDataset((x - mu) / sd, y), batch_size=120, shuffle=True)
val_dl = DataLoader(TensorDataset((xv - mu) / sd, yv), batch_size=300)
criterion = nn.BCEWithLogitsLoss(pos_weight=(y == 0).sum() / (y == 1).sum())
net = fraud_net(x.shape[1])
ema = EMA(net)
opt = torch.optim.AdamW(net.parameters(), lr=2e-3)
sched = ReduceLROnPlateau(opt, factor=0.5, patience=1)
for epoch in range(8):
    net.train()
    running = 0.0
    for xb, yb in train_dl:
        opt.zero_grad()
        loss = criterion(net(xb), yb)
        loss.backward()
        opt.step()
        ema.update(net)
        running += loss.item()
    val_loss, recall = evaluate(ema.shadow, val_dl, criterion)
    sched.step(val_loss)
    print(f"epoch {epoch}: train {running / len(train_dl):.3f}  ema val {val_loss:.3f}  recall {recall:.2f}")
