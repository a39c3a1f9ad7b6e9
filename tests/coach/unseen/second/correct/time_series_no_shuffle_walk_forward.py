"""Walk-forward forecasting: the windows are fed in time order on purpose, and the test part comes after."""
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Dataset

torch.manual_seed(0)


class Windows(Dataset):
    def __init__(self, series, length):
        self.series, self.length = series, length

    def __len__(self):
        return len(self.series) - self.length

    def __getitem__(self, i):
        return self.series[i:i + self.length], self.series[i + self.length]


t = torch.arange(420).float()
series = torch.sin(2 * 3.14159 * t / 24) + 0.3 * torch.sin(2 * 3.14159 * t / 7) + 0.05 * torch.randn(420)
cut = 340
mean, std = series[:cut].mean(), series[:cut].std()
series = (series - mean) / std
train = DataLoader(Windows(series[:cut], 24), batch_size=32, shuffle=False)
test = DataLoader(Windows(series[cut - 24:], 24), batch_size=80, shuffle=False)

model = nn.Sequential(nn.Linear(24, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
loss_fn = nn.MSELoss()
for epoch in range(8):
    model.train()
    total = 0.0
    for window, nxt in train:
        optimizer.zero_grad()
        loss = loss_fn(model(window).squeeze(-1), nxt)
        loss.backward()
        optimizer.step()
        total += loss.item() / len(train)
    model.eval()
    with torch.no_grad():
        val = sum(loss_fn(model(w).squeeze(-1), n).item() for w, n in test) / len(test)
    print(f"{epoch} train {total:.4f} test {val:.4f}")
