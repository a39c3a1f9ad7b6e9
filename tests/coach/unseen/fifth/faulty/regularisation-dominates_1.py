import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

CONF = {
    "lr": 1e-3,
    "epochs": 8,
    "batch_size": 50,
    "l1": 0.5,  # coach: regularisation-dominates
}


def l1_penalty(model):
    return sum(p.abs().sum() for name, p in model.named_parameters() if name.endswith("weight"))  # coach-line: regularisation-dominates


class PriceModel(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(d, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, x):
        return self.net(x).squeeze(-1)


torch.manual_seed(44)
X = torch.randn(1000, 15)
y = 1.5 * X[:, 0] - X[:, 1] + X[:, 2].abs()
y = (y - y.mean()) / y.std()
loader = DataLoader(TensorDataset(X, y), batch_size=CONF["batch_size"], shuffle=True)
model = PriceModel(15)
optimizer = torch.optim.Adam(model.parameters(), lr=CONF["lr"])
mse = nn.MSELoss()
for epoch in range(CONF["epochs"]):
    fit_sum = all_sum = 0.0
    for xb, yb in loader:
        optimizer.zero_grad()
        fit = mse(model(xb), yb)
        loss = fit + CONF["l1"] * l1_penalty(model)  # coach-line: regularisation-dominates
        loss.backward()
        optimizer.step()
        fit_sum += fit.item()
        all_sum += loss.item()
    print(f"epoch {epoch}: fit {fit_sum / len(loader):.3f} objective {all_sum / len(loader):.3f}")  # coach-also: constant-predictions
