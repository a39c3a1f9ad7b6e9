# Convolutional forecaster with averaged weights and a one-cycle schedule; rare peaks are weighted up
import copy
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(88)
W = 24
t = torch.arange(1400).float()
s = torch.sin(t * 2 * 3.14159 / 24) + 0.5 * torch.sin(t * 2 * 3.14159 / 168) + 0.1 * torch.randn(1400)
s = (s - s[:1100].mean()) / s[:1100].std()
X = s.unfold(0, W, 1)[:-1].unsqueeze(1)
y = s[W:].unsqueeze(1)
cut = 1100 - W
train = DataLoader(TensorDataset(X[:cut], y[:cut]), batch_size=64, shuffle=True, drop_last=True)
test_x, test_y = X[cut:], y[cut:]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 16, 5, padding=2, bias=False)
        self.bn = nn.BatchNorm1d(16)
        self.fc = nn.Sequential(nn.Flatten(), nn.Linear(16 * W, 1))

    def forward(self, x):
        return self.fc(torch.relu(self.bn(self.conv(x))))


net = Net()
ema = copy.deepcopy(net).requires_grad_(False).eval()
EPOCHS = 5
opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
cycle = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=1e-2, total_steps=EPOCHS * len(train))
for epoch in range(EPOCHS):
    net.train()
    for xb, yb in train:
        err = nn.functional.smooth_l1_loss(net(xb), yb, reduction="none")
        loss = ((1 + (yb > 1.2).float()) * err).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        cycle.step()
        with torch.no_grad():
            for pe, p in zip(ema.parameters(), net.parameters()):
                pe.lerp_(p, 0.1)
            for be, b in zip(ema.buffers(), net.buffers()):
                be.copy_(b)
    with torch.no_grad():
        mae = (ema(test_x) - test_y).abs().mean().item()
    print(f"epoch {epoch} loss {loss.item():.4f} ema test mae {mae:.4f}")
