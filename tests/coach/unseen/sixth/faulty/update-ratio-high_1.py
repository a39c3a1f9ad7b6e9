import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class BasketNet(nn.Module):
    """Basket value from session features: shared body, small head."""

    def __init__(self, d, width=64):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(d, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.head = nn.Linear(width, 1)

    def forward(self, x):
        return self.head(self.body(x))


def sessions(n=1200, d=12):
    x = torch.randn(n, d)
    value = torch.sin(1.5 * x[:, 0]) + x[:, 1] * x[:, 2] + 0.5 * x[:, 3] + 0.1 * torch.randn(n)
    return x, ((value - value.mean()) / value.std()).unsqueeze(1)


def make_optimizer(model):
    return torch.optim.AdamW([
        {"params": model.body.parameters(), "lr": 0.2},  # coach: update-ratio-high; fix: lr
        {"params": model.head.parameters(), "lr": 1e-3},
    ], weight_decay=1e-4)


def train(model, loader, optimizer, loss_fn):
    model.train()
    total = 0.0
    for x, y in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()  # coach-line: update-ratio-high
        total += loss.item()
    return total / len(loader)


def validate(model, loader, loss_fn):
    model.eval()
    with torch.no_grad():
        losses = [loss_fn(model(x), y).item() for x, y in loader]
    return sum(losses) / len(losses)


torch.manual_seed(19)
x, y = sessions()
train_dl = DataLoader(TensorDataset(x[:960], y[:960]), batch_size=60, shuffle=True)
val_dl = DataLoader(TensorDataset(x[960:], y[960:]), batch_size=120)
model = BasketNet(x.shape[1])
optimizer = make_optimizer(model)
mse = nn.MSELoss()
for epoch in range(8):
    tr = train(model, train_dl, optimizer, mse)
    print(f"epoch {epoch}: train {tr:.3f}  val {validate(model, val_dl, mse):.3f}")  # coach-also: learning-rate-too-high
