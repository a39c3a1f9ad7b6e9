import numpy as np
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Dataset

torch.manual_seed(17)
rng = np.random.default_rng(17)


class HouseDataset(Dataset):
    def __init__(self, features, prices):
        self.features = torch.from_numpy(features)  # coach: dtype-creep; fix: float
        self.prices = torch.tensor(prices, dtype=torch.float32).unsqueeze(1)

    def __len__(self):
        return len(self.prices)

    def __getitem__(self, idx):
        return self.features[idx], self.prices[idx]


def load_houses(n=300):
    area = rng.uniform(40, 220, n)
    rooms = rng.integers(1, 8, n)
    age = rng.uniform(0, 60, n)
    table = np.column_stack([area, rooms, age])
    price = 2.5 * area + 12 * rooms - 0.8 * age + rng.normal(0, 10, n)
    table = (table - table.mean(axis=0)) / table.std(axis=0)  # coach-line: dtype-creep
    return table, (price - price.mean()) / price.std()


features, prices = load_houses()
loader = DataLoader(HouseDataset(features, prices), batch_size=30, shuffle=True)

model = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 1))
loss_fn = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)

for epoch in range(10):
    epoch_loss = 0.0
    for x, y in loader:
        y_hat = model(x)  # coach-line: dtype-creep
        loss = loss_fn(y_hat, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item() * len(x)
    print(f"epoch {epoch + 1}: {epoch_loss / len(loader.dataset):.4f}")
