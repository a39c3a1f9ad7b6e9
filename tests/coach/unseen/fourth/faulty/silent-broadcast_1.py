import numpy as np
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(31)
rng = np.random.default_rng(31)

# insurance claims; every row comes with its exposure in years
n = 600
rows = rng.normal(size=(n, 5)).astype(np.float32)
exposure = rng.uniform(0.2, 1.8, size=n).astype(np.float32)
claims = rows[:, 0] * 1.2 - rows[:, 2] + 0.5 * np.maximum(rows[:, 3], 0)
claims = claims + rng.normal(size=n) * 0.2 / np.sqrt(exposure)
claims = ((claims - claims.mean()) / claims.std()).astype(np.float32)

train = TensorDataset(torch.from_numpy(rows), torch.from_numpy(claims).reshape(-1, 1), torch.from_numpy(exposure))
loader = DataLoader(train, batch_size=50, shuffle=True)


class ClaimsModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(5, 24), nn.Tanh(), nn.Linear(24, 1))

    def forward(self, x):
        return self.layers(x)


def weighted_mse(pred, target, weight):
    squared = (pred - target) ** 2
    return (weight * squared).mean()  # coach: silent-broadcast; fix: squeeze(1)


model = ClaimsModel()
opt = torch.optim.AdamW(model.parameters(), lr=5e-3)
for epoch in range(8):
    model.train()
    log = []
    for x, y, w in loader:
        loss = weighted_mse(model(x), y, w)  # coach-line: silent-broadcast
        opt.zero_grad()
        loss.backward()
        opt.step()
        log.append(loss.item())
    print(epoch, np.mean(log))
