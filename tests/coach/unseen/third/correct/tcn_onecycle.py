"""Temporal convolution network for one-step forecasts; one-cycle rate per batch, early stopping on validation."""
import copy
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(404)


class CausalConv(nn.Module):
    def __init__(self, c_in, c_out, dilation):
        super().__init__()
        self.pad = 2 * dilation
        self.conv = nn.Conv1d(c_in, c_out, 3, dilation=dilation)
        self.norm = nn.GroupNorm(4, c_out)
        self.shortcut = nn.Conv1d(c_in, c_out, 1) if c_in != c_out else nn.Identity()

    def forward(self, x):
        y = F.relu(self.norm(self.conv(F.pad(x, (self.pad, 0)))))
        return y + self.shortcut(x)


class TCN(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.levels = nn.Sequential(CausalConv(1, width, 1), CausalConv(width, width, 2), CausalConv(width, width, 4))
        self.readout = nn.Conv1d(width, 1, 1)

    def forward(self, x):
        return self.readout(self.levels(x))[:, 0, -1]


t = torch.arange(900).float()
series = torch.sin(0.25 * t) * torch.cos(0.03 * t) + 0.4 * torch.sin(0.6 * t) + 0.05 * torch.randn(900)
series = (series - series[:700].mean()) / series[:700].std()
windows = series.unfold(0, 25, 1)
x, y = windows[:, None, :24], windows[:, 24]
train = DataLoader(TensorDataset(x[:676], y[:676]), batch_size=52, shuffle=True)
x_val, y_val = x[700:], y[700:]

model, max_epochs = TCN(), 12
opt = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-3)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=1e-2, epochs=max_epochs, steps_per_epoch=len(train))
best, best_weights, patience = float("inf"), None, 3
for epoch in range(max_epochs):
    model.train()
    for xb, yb in train:
        opt.zero_grad()
        loss = F.mse_loss(model(xb), yb)
        loss.backward()
        opt.step()
        sched.step()
    model.eval()
    with torch.no_grad():
        val = F.mse_loss(model(x_val), y_val).item()
    print(f"epoch {epoch:2d} lr {sched.get_last_lr()[0]:.4f} train {loss.item():.4f} val {val:.4f}")
    if val < best - 1e-4:
        best, best_weights, patience = val, copy.deepcopy(model.state_dict()), 3
    else:
        patience -= 1
        if patience == 0:
            break
model.load_state_dict(best_weights)
