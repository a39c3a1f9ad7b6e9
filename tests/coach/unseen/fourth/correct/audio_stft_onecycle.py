import math
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(44)


def tones(n, length=256):
    t = torch.arange(length).float() / length
    pitch = torch.randint(0, 4, (n,))
    f = 10.0 + 22.0 * pitch.float().unsqueeze(1)
    wave = torch.sin(2 * math.pi * (f * t + torch.rand(n, 1))) + 1.5 * torch.randn(n, length)
    return wave, pitch


class LogSpec(nn.Module):
    def __init__(self, n_fft=32, hop=16):
        super().__init__()
        self.n_fft, self.hop = n_fft, hop
        self.register_buffer("window", torch.hann_window(n_fft))

    def forward(self, wave):
        frames = wave.unfold(1, self.n_fft, self.hop) * self.window
        k = torch.arange(self.n_fft // 2).float().view(-1, 1) * torch.arange(self.n_fft).float().view(1, -1)
        ang = 2 * math.pi * k / self.n_fft
        re, im = frames @ torch.cos(ang).t(), frames @ torch.sin(ang).t()
        return torch.log1p(re ** 2 + im ** 2).transpose(1, 2)


wave, pitch = tones(320)
with torch.no_grad():
    spec = LogSpec()(wave)
mean, std = spec[:240].mean((0, 2), keepdim=True), spec[:240].std((0, 2), keepdim=True)
spec = (spec - mean) / std
train = DataLoader(TensorDataset(spec[:240], pitch[:240]), batch_size=24, shuffle=True)
valid = DataLoader(TensorDataset(spec[240:], pitch[240:]), batch_size=40)
net = nn.Sequential(
    nn.Conv1d(16, 24, 3, padding=1, bias=False), nn.BatchNorm1d(24), nn.ReLU(), nn.MaxPool1d(2),
    nn.Conv1d(24, 24, 3, padding=1, bias=False), nn.BatchNorm1d(24), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(24, 4),
)
EPOCHS = 5
opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
cycle = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=8e-3, epochs=EPOCHS, steps_per_epoch=len(train))
for epoch in range(EPOCHS):
    net.train()
    for s, p in train:
        opt.zero_grad(set_to_none=True)
        loss = F.cross_entropy(net(s), p, label_smoothing=0.05)
        loss.backward()
        opt.step()
        cycle.step()
    net.eval()
    with torch.no_grad():
        hits = sum((net(s).argmax(1) == p).sum().item() for s, p in valid)
    print(f"epoch {epoch} loss {loss.item():.3f} acc {hits / 80:.3f}")
