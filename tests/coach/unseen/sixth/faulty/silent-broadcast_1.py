"""Weighted regression: recent years of the bike-rental table count more."""
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(77)
N = 480

temp = torch.randn(N)
wind = torch.randn(N)
weekend = torch.randint(0, 2, (N,)).float()
year = torch.randint(0, 4, (N,)).float()
rentals = 1.5 * temp - 0.7 * wind + 0.8 * weekend + 0.3 * torch.sin(2 * temp) + 0.2 * torch.randn(N)
rentals = (rentals - rentals.mean()) / rentals.std()

X = torch.stack([temp, wind, 2 * weekend - 1], dim=1)
y = rentals.unsqueeze(1)
importance = 0.5 ** (3 - year)

loader = DataLoader(TensorDataset(X, y, importance), batch_size=32, shuffle=True)


def build():
    return nn.Sequential(nn.Linear(3, 32), nn.ELU(), nn.Linear(32, 1))


def weighted_mse(pred, target, w):
    err = F.mse_loss(pred, target, reduction="none")
    return (err * w).sum() / w.sum()  # coach: silent-broadcast; fix: squeeze(1)


model = build()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(6):
    seen = []
    for xb, yb, wb in loader:
        loss = weighted_mse(model(xb), yb, wb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        seen.append(loss.item())  # coach-also: target-mismatch
    print("epoch", epoch, "weighted loss", sum(seen) / len(seen))
