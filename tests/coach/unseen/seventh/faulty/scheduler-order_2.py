import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(101)
EPOCHS = 6


def warmup_then_cosine(opt, warmup, total):
    first = torch.optim.lr_scheduler.LinearLR(opt, start_factor=0.2, total_iters=warmup)
    rest = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=total - warmup)
    return torch.optim.lr_scheduler.SequentialLR(opt, [first, rest], milestones=[warmup])


def train_step(model, opt, scheduler, x, y):
    loss = F.huber_loss(model(x).squeeze(1), y)
    opt.zero_grad()
    loss.backward()
    scheduler.step()  # coach: scheduler-order; fix: scheduler.step()
    opt.step()  # coach-line: scheduler-order
    return loss.item()


@torch.no_grad()
def eval_step(model, loader):
    model.eval()
    out = sum(F.huber_loss(model(x).squeeze(1), y).item() for x, y in loader) / len(loader)
    model.train()
    return out


x = torch.randn(800, 10)
y = torch.sin(x[:, 0]) + x[:, 1] * x[:, 2] * 0.5
y = (y - y.mean()) / y.std()
train, val = random_split(TensorDataset(x, y), [640, 160])
train_loader = DataLoader(train, batch_size=32, shuffle=True)
val_loader = DataLoader(val, batch_size=32)

model = nn.Sequential(nn.Linear(10, 48), nn.SiLU(), nn.Linear(48, 48), nn.SiLU(), nn.Linear(48, 1))
opt = torch.optim.AdamW(model.parameters(), lr=5e-3)
scheduler = warmup_then_cosine(opt, warmup=10, total=EPOCHS * len(train_loader))
for epoch in range(EPOCHS):
    losses = [train_step(model, opt, scheduler, xb, yb) for xb, yb in train_loader]
    print({
        "epoch": epoch,
        "train": round(sum(losses) / len(losses), 4),
        "val": round(eval_step(model, val_loader), 4),
        "lr": f"{scheduler.get_last_lr()[0]:.1e}",
    })
