import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(47)


class GaussianHead(nn.Module):
    """Predicts a mean and a log variance for every row."""

    def __init__(self, n_in, hidden=32):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(n_in, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU())
        self.mu = nn.Linear(hidden, 1)
        self.logvar = nn.Linear(hidden, 1)

    def mean_of(self, h):
        return self.mu(h).squeeze(-1)

    def logvar_of(self, h):
        return self.logvar(h)  # coach: silent-broadcast; fix: squeeze(

    def forward(self, x):
        h = self.trunk(x)
        return self.mean_of(h), self.logvar_of(h)


def gaussian_nll(mu, logvar, y):
    return 0.5 * (logvar + (y - mu) ** 2 / logvar.exp()).mean()  # coach-line: silent-broadcast


def heteroscedastic(n):
    x = torch.randn(n, 5)
    noise = 0.1 + 0.4 * torch.sigmoid(2 * x[:, 0])
    y = torch.sin(x[:, 1]) + x[:, 2] + noise * torch.randn(n)
    return x, (y - y.mean()) / y.std()


X, y = heteroscedastic(384)
loader = DataLoader(TensorDataset(X, y), batch_size=32, shuffle=True)
model = GaussianHead(5)
opt = torch.optim.Adam(model.parameters(), lr=3e-3)

for epoch in range(10):
    total = 0.0
    for xb, yb in loader:
        opt.zero_grad()
        mu, logvar = model(xb)
        loss = gaussian_nll(mu, logvar, yb)
        loss.backward()
        opt.step()
        total += loss.item()
    print(f"epoch {epoch}  nll {total / len(loader):.4f}")
