import numpy as np

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

SEED = 42
np.random.seed(SEED)  # coach: unseeded; fix: torch.manual_seed(


def energy_frame(n=720, n_cols=9):
    frame = np.random.randn(n, n_cols).astype("float32")
    kwh = frame[:, 0] * 1.2 - np.abs(frame[:, 1]) + 0.1 * np.random.randn(n).astype("float32")
    kwh = ((kwh - kwh.mean()) / kwh.std()).astype("float32")
    return torch.from_numpy(frame), torch.from_numpy(kwh).unsqueeze(1)


class EnergyModel(nn.Module):
    def __init__(self, n_cols):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(n_cols, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 1))

    def forward(self, x):
        return self.net(x)


def train(model, loader, epochs, lr):
    opt = torch.optim.Adam(model.parameters(), lr=lr)
    mse = nn.MSELoss()
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for xb, yb in loader:
            opt.zero_grad()
            loss = mse(model(xb), yb)
            loss.backward()
            opt.step()
            total += loss.item()
        print(f"epoch {epoch}: {total / len(loader):.4f}")


def validate(model, x, y):
    model.eval()
    with torch.no_grad():
        return nn.functional.l1_loss(model(x), y).item()


x, y = energy_frame()
model = EnergyModel(x.shape[1])  # coach-line: unseeded
loader = DataLoader(TensorDataset(x[:600], y[:600]), batch_size=60, shuffle=True)  # coach-line: unseeded
train(model, loader, epochs=5, lr=2e-3)
print(f"validation MAE {validate(model, x[600:], y[600:]):.4f}")
