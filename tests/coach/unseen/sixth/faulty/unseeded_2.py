# which width is better for the force-field correction? compare two nets
import numpy as np
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

np.random.seed(0)  # coach-line: unseeded

r = np.random.uniform(0.97, 2.5, size=(500, 1)).astype("float32")
v = 4 * ((1 / r) ** 12 - (1 / r) ** 6)
v = v + 0.05 * np.random.randn(500, 1).astype("float32")
r = (r - r.mean()) / r.std()
v = (v - v.mean()) / v.std()
R, V = torch.tensor(r).float(), torch.tensor(v).float()

train_loader = DataLoader(TensorDataset(R[:400], V[:400]), batch_size=40, shuffle=True)


def build(width):
    return nn.Sequential(nn.Linear(1, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1))


def fit(net, epochs=25):
    mse = nn.MSELoss()
    opt = torch.optim.Adam(net.parameters(), lr=5e-3)
    for _ in range(epochs):
        net.train()
        for a, b in train_loader:
            opt.zero_grad()
            loss = mse(net(a), b)
            loss.backward()
            opt.step()
    net.eval()
    with torch.no_grad():
        return mse(net(R[400:]), V[400:]).item()


for width in (16, 32):
    net = build(width)  # coach: unseeded; fix: torch.manual_seed(
    print("width", width, "test mse", fit(net))
