import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class DemandModel(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.inp = nn.Linear(cfg["features"], cfg["hidden"])
        self.mid = nn.Linear(cfg["hidden"], cfg["hidden"])
        self.out = nn.Linear(cfg["hidden"], 1)
        self.act = nn.SiLU()

    def forward(self, x):
        h = self.inp(x)  # coach: missing-nonlinearity; fix: self.act(
        h = self.act(self.mid(h))  # coach-line: missing-nonlinearity
        return self.out(h).squeeze(1)


def data(n):
    price, promo, season, stock = torch.randn(4, n)
    q = -price + 0.8 * promo * season + 0.3 * stock + 0.1 * torch.randn(n)
    return torch.stack([price, promo, season, stock], 1), (q - q.mean()) / q.std()


torch.manual_seed(77)
cfg = {"features": 4, "hidden": 32, "lr": 3e-3, "epochs": 8}
X, y = data(1000)
train_dl = DataLoader(TensorDataset(X[:800], y[:800]), batch_size=50, shuffle=True)
model = DemandModel(cfg)
optimizer = torch.optim.AdamW(model.parameters(), lr=cfg["lr"])
loss_fn = nn.HuberLoss()
for epoch in range(cfg["epochs"]):
    model.train()
    run = 0.0
    for xb, yb in train_dl:
        optimizer.zero_grad()
        loss = loss_fn(model(xb), yb)
        loss.backward()
        optimizer.step()
        run += loss.item()
    model.eval()
    with torch.no_grad():
        val = loss_fn(model(X[800:]), y[800:]).item()
    print(f"{epoch}: {run / len(train_dl):.4f} / {val:.4f}")
