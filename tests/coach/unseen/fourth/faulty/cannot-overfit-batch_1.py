# %% [data]
import numpy as np
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import TensorDataset, DataLoader

torch.manual_seed(70)
rng = np.random.default_rng(70)
wine = rng.normal(size=(480, 7)).astype(np.float32)
quality = wine @ np.array([0.9, -0.6, 0.4, 0, 0.3, 0, -0.2]) + 0.5 * wine[:, 0] * wine[:, 1] + rng.normal(0, 0.1, 480)
quality = ((quality - quality[:400].mean()) / quality[:400].std()).astype(np.float32)
X, y = torch.tensor(wine), torch.tensor(quality)
train_dl = DataLoader(TensorDataset(X[:400], y[:400]), batch_size=40, shuffle=True)

# %% [model]
class WineNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1 = nn.Linear(7, 64)
        self.l2 = nn.Linear(64, 32)
        self.l3 = nn.Linear(32, 1)

    def forward(self, x):
        x = F.relu(self.l1(x))
        x = F.relu(self.l2(x))
        return torch.sigmoid(self.l3(x)).squeeze(1)  # coach: cannot-overfit-batch; fix: self.l3(x).squeeze(1)


# %% [sanity check: can it learn 16 rows by heart?]
probe = WineNet()
probe_opt = torch.optim.Adam(probe.parameters(), lr=5e-3)
xb, yb = X[:16], y[:16]
for step in range(200):
    probe_opt.zero_grad()
    loss = F.mse_loss(probe(xb), yb)
    loss.backward()
    probe_opt.step()
    if step % 40 == 0:
        print("probe", step, round(loss.item(), 4))

# %% [train]
model = WineNet()
opt = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(6):
    model.train()
    total = 0.0
    for xb, yb in train_dl:
        opt.zero_grad()
        loss = F.mse_loss(model(xb), yb)
        loss.backward()
        opt.step()
        total += loss.item()
    print("epoch", epoch, round(total / len(train_dl), 4))

# %% [holdout]
model.eval()
with torch.no_grad():
    print("holdout mse", F.mse_loss(model(X[400:]), y[400:]).item())
# coach-also: saturated-activation
# coach-also: loss-plateau
