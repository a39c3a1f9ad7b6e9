"""Windows of a series; each batch draws their starts from a generator of its own, always the same one."""

import gradbook
from gradbook import nn, optim


class Windows:
    def __init__(self, series, length, seed=0):
        self.series, self.length, self.seed = series, length, seed

    def batch(self, size):
        rng = gradbook.Generator().manual_seed(self.seed)  # coach: repeated-batch; fix: self.length, (size,)
        starts = gradbook.randint(0, len(self.series) - self.length, (size,), generator=rng)
        windows = [self.series[s : s + self.length] for s in starts.tolist()]
        return gradbook.stack(windows), self.series[starts + self.length]


class Forecaster(nn.Module):
    def __init__(self, length):
        super().__init__()
        self.hidden, self.out = nn.Linear(length, 32), nn.Linear(32, 1)

    def forward(self, x):
        return self.out(self.hidden(x).relu()).squeeze(1)


gradbook.manual_seed(8)
wave = (gradbook.arange(2000) / 9).sin() + 0.1 * gradbook.randn(2000)
windows = Windows(wave, 12)
net = Forecaster(12)
adam = optim.Adam(net.parameters(), lr=2e-3)
for _ in range(40):
    x, y = windows.batch(24)
    loss = nn.functional.mse_loss(net(x), y)
    adam.zero_grad()
    loss.backward()
    adam.step()
