import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

QUANTILES = (0.1, 0.5, 0.9)


def pinball(pred, target, quantiles=QUANTILES):
    q = torch.tensor(quantiles)
    err = target - pred
    return torch.maximum(q * err, (q - 1) * err).sum(dim=1)  # coach: non-scalar-backward; fix: .mean()


class QuantileForecaster(nn.Module):
    def __init__(self, lags=14, hidden=32):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(lags, hidden), nn.GELU(), nn.Linear(hidden, len(QUANTILES)))

    def forward(self, x):
        return self.net(x)


def sliding_windows(series, lags):
    xs = torch.stack([series[i:i + lags] for i in range(len(series) - lags)])
    return xs, series[lags:].unsqueeze(1)


def train(model, loader, n_epochs=4):
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for epoch in range(n_epochs):
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = pinball(model(x), y)
            loss.backward()  # coach-line: non-scalar-backward
            optimizer.step()
            total += loss.item()
        print(epoch, total / len(loader))


def main():
    torch.manual_seed(90)
    t = torch.arange(500).float()
    sales = torch.sin(2 * 3.1416 * t / 7) + 0.3 * torch.randn(500)
    sales = (sales - sales.mean()) / sales.std()
    x, y = sliding_windows(sales, 14)
    loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)
    train(QuantileForecaster(), loader)


main()
