# house prices, quick baseline
import numpy as np
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(42)
rng = np.random.default_rng(42)

N = 800
table = np.column_stack([
    rng.normal(120, 35, N),      # living area
    rng.integers(1, 6, N),       # rooms
    rng.uniform(0, 60, N),       # age
    rng.normal(8, 3, N),         # distance to centre
]).astype(np.float32)
price = (2.1 * table[:, 0] + 14 * table[:, 1] - 0.9 * table[:, 2] - 6 * table[:, 3] + rng.normal(0, 8, N)).astype(np.float32)

train_x, valid_x = table[:640], table[640:]
mu, sd = train_x.mean(0), train_x.std(0)
y_mu, y_sd = price[:640].mean(), price[:640].std()
to_ds = lambda a, b: TensorDataset(torch.tensor((a - mu) / sd), torch.tensor((b - y_mu) / y_sd).unsqueeze(1))
train_dl = DataLoader(to_ds(train_x, price[:640]), batch_size=64, shuffle=True)
valid_dl = DataLoader(to_ds(valid_x, price[640:]), batch_size=160)

net = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 1))
optim = torch.optim.SGD(net.parameters(), lr=0.02)
mse = nn.MSELoss()


def train_one_epoch():
    net.train()
    running = 0.0
    for features, target in train_dl:
        pred = net(features)
        loss = mse(pred, target)
        loss.backward()  # coach: missing-zero-grad; fix: optim.zero_grad()
        optim.step()
        running += loss.item() * len(features)
    return running / len(train_dl.dataset)


def validate():
    net.eval()
    with torch.no_grad():
        return sum(mse(net(f), t).item() * len(f) for f, t in valid_dl) / len(valid_dl.dataset)


for epoch in range(6):
    tr = train_one_epoch()
    print(f"epoch {epoch}: train {tr:.4f} valid {validate():.4f}")
