import math

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import Dataset, DataLoader


class Windows(Dataset):
    def __init__(self, series, length):
        self.series, self.length = series, length

    def __len__(self):
        return len(self.series) - self.length

    def __getitem__(self, i):
        return self.series[i:i + self.length].unsqueeze(-1), self.series[i + self.length].reshape(1)


class Forecaster(nn.Module):
    def __init__(self, hidden=16):
        super().__init__()
        self.gru = nn.GRU(1, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x):
        _, h = self.gru(x)
        return self.out(h[-1])


torch.manual_seed(0)
t = torch.arange(260).float()
series = torch.sin(2 * math.pi * t / 24) + 0.05 * torch.randn(260)
train, valid = series[:200], series[200:]
mean, std = train.mean(), train.std()
train, valid = (train - mean) / std, (valid - mean) / std

train_dl = DataLoader(Windows(train, 12), batch_size=32, shuffle=False)
valid_dl = DataLoader(Windows(valid, 12), batch_size=48)
model = Forecaster()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
crit = nn.MSELoss()

for epoch in range(4):
    model.train()
    tr = 0.0
    for x, y in train_dl:
        opt.zero_grad()
        loss = crit(model(x), y)
        loss.backward()
        opt.step()
        tr += loss.item()
    model.eval()
    with torch.no_grad():
        va = sum(crit(model(x), y).item() for x, y in valid_dl) / len(valid_dl)
    print(f"epoch {epoch} train {tr / len(train_dl):.4f} valid {va:.4f}")
