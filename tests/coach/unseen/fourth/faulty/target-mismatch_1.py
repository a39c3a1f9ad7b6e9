# bike rental demand
import numpy as np
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import Dataset, DataLoader

torch.manual_seed(17)


class BikeData(Dataset):
    def __init__(self, n, seed, stats=None):
        rng = np.random.default_rng(seed)
        hour, temp, hum = rng.uniform(0, 24, n), rng.normal(18, 7, n), rng.uniform(20, 95, n)
        count = 120 + 80 * np.sin((hour - 7) / 24 * 2 * np.pi) + 5 * temp - 0.6 * hum + rng.normal(0, 8, n)
        raw = np.stack([np.sin(hour / 24 * 2 * np.pi), np.cos(hour / 24 * 2 * np.pi), temp, hum, count], axis=1)
        self.stats = stats or (raw.mean(0), raw.std(0))
        raw = ((raw - self.stats[0]) / self.stats[1]).astype(np.float32)
        self.features, self.count = torch.from_numpy(raw[:, :4].copy()), torch.from_numpy(raw[:, 4].copy())

    def __len__(self):
        return len(self.count)

    def __getitem__(self, i):
        return self.features[i], self.count[i]


train_ds = BikeData(640, 1)
test_ds = BikeData(160, 2, stats=train_ds.stats)
train_dl = DataLoader(train_ds, batch_size=64, shuffle=True)
test_dl = DataLoader(test_ds, batch_size=80)

regressor = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(regressor.parameters(), lr=3e-3)

for epoch in range(6):
    regressor.train()
    running = 0.0
    for feats, count in train_dl:
        optimizer.zero_grad()
        pred = regressor(feats)  # coach-line: target-mismatch
        loss = criterion(pred, count)  # coach: target-mismatch; fix: squeeze(
        loss.backward()
        optimizer.step()
        running += loss.item()  # coach-also: loss-plateau
    regressor.eval()
    with torch.no_grad():
        mae = np.mean([(regressor(f).squeeze(1) - c).abs().mean().item() for f, c in test_dl])
    print(f"epoch {epoch} mse {running / len(train_dl):.4f} test mae {mae:.4f}")  # coach-also: silent-broadcast
