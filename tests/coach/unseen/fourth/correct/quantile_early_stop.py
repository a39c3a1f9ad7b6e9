"""Quantile regression (10 %, 50 %, 90 %) with early stopping and the best weights restored."""
import copy
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(18)
raw = 4 * torch.rand(1200, 1) - 2
target = torch.sin(2 * raw) + (0.1 + 0.2 * raw.abs()) * torch.randn(1200, 1)
fit_x, dev_x = raw[:900], raw[900:]
fit_y, dev_y = target[:900], target[900:]
mu, sd = fit_x.mean(0), fit_x.std(0)
fit_x, dev_x = (fit_x - mu) / sd, (dev_x - mu) / sd
q = torch.tensor([[0.1, 0.5, 0.9]])


def pinball(pred, y):
    e = y - pred
    return torch.maximum(q * e, (q - 1) * e).mean()


net = nn.Sequential(nn.Linear(1, 32), nn.SiLU(), nn.Linear(32, 32), nn.SiLU(), nn.Linear(32, 3))
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, factor=0.5, patience=3)
dl = DataLoader(TensorDataset(fit_x, fit_y), batch_size=60, shuffle=True)
best, best_state, waited = float("inf"), None, 0
for epoch in range(30):
    net.train()
    for x, y in dl:
        opt.zero_grad()
        loss = pinball(net(x), y)
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        dev = pinball(net(dev_x), dev_y).item()
    plateau.step(dev)
    if dev < best - 1e-4:
        best, best_state, waited = dev, copy.deepcopy(net.state_dict()), 0
    else:
        waited += 1
        if waited == 6:
            break
net.load_state_dict(best_state)
print(f"stopped after {epoch + 1} epochs, best dev pinball {best:.4f}")
