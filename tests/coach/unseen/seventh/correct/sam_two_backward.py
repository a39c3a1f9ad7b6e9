from contextlib import contextmanager

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset, random_split


@contextmanager
def perturbed(params, rho):
    """Climb to the worst point within rho along the present gradient; come back on leaving."""
    params = [p for p in params if p.grad is not None]
    norm = torch.stack([p.grad.norm() for p in params]).norm() + 1e-12
    moves = [rho * p.grad / norm for p in params]
    with torch.no_grad():
        for p, e in zip(params, moves):
            p.add_(e)
    yield
    with torch.no_grad():
        for p, e in zip(params, moves):
            p.sub_(e)


def sam_step(model, opt, x, y, rho=0.05):
    params = list(model.parameters())
    loss = F.cross_entropy(model(x), y)
    opt.zero_grad()
    loss.backward()
    with perturbed(params, rho):
        opt.zero_grad()
        F.cross_entropy(model(x), y).backward()
    opt.step()
    return loss.item()


torch.manual_seed(8)
x = torch.randn(960, 12)
y = (x @ torch.randn(12, 4)).argmax(1)
train, val = random_split(TensorDataset(x, y), [768, 192])
train_loader = DataLoader(train, batch_size=48, shuffle=True)
val_loader = DataLoader(val, batch_size=48)
model = nn.Sequential(nn.Linear(12, 48), nn.ReLU(), nn.Linear(48, 4))
opt = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=6)
for epoch in range(6):
    model.train()
    losses = [sam_step(model, opt, xb, yb) for xb, yb in train_loader]
    sched.step()
    model.eval()
    with torch.no_grad():
        hits = sum((model(xb).argmax(1) == yb).sum().item() for xb, yb in val_loader)
    print(epoch, round(sum(losses) / len(losses), 3), hits / 192)
