import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class OneCycle:
    def __init__(self, opt, max_lr, steps):
        self.sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=max_lr, total_steps=steps)

    def after_step(self):
        self.sched.step()


def sine_windows(n=1000, w=24):
    t = torch.arange(n + w).float()
    s = torch.sin(t / 6) + 0.3 * torch.sin(t / 25) + 0.1 * torch.randn(n + w)
    s = (s - s.mean()) / s.std()
    return torch.stack([s[i:i + w] for i in range(n)]), s[w:]


torch.manual_seed(33)
X, y = sine_windows()
cut = 800
train_dl = DataLoader(TensorDataset(X[:cut], y[:cut]), batch_size=50, shuffle=True)
val_dl = DataLoader(TensorDataset(X[cut:], y[cut:]), batch_size=100)
model = nn.Sequential(nn.Linear(24, 48), nn.ReLU(), nn.Linear(48, 1))
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
epochs = 8
cb = OneCycle(opt, 5e-3, epochs * len(train_dl))
loss_fn = nn.SmoothL1Loss()
for ep in range(epochs):
    model.train()
    tr = 0.0
    for xb, yb in train_dl:
        opt.zero_grad()
        loss = loss_fn(model(xb).squeeze(1), yb)
        loss.backward()
        opt.step()
        cb.after_step()
        tr += loss.item()
    model.eval()
    with torch.no_grad():
        va = sum(loss_fn(model(xb).squeeze(1), yb).item() for xb, yb in val_dl) / len(val_dl)
    print(f"{ep} train {tr / len(train_dl):.4f} val {va:.4f} lr {opt.param_groups[0]['lr']:.2e}")
