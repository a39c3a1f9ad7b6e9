"""Train a small scorer, then fit a temperature on held-out logits with L-BFGS (full batch)."""
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class TemperatureScaler(nn.Module):
    def __init__(self):
        super().__init__()
        self.temperature = nn.Parameter(torch.ones(1))

    def forward(self, logits):
        return logits / self.temperature

    def fit(self, logits, labels):
        optimizer = torch.optim.LBFGS([self.temperature], lr=0.2, max_iter=25)

        def closure():
            optimizer.zero_grad()
            loss = F.cross_entropy(self(logits), labels)
            loss.backward()
            return loss

        optimizer.step(closure)
        return self


def fit_scorer(model, loader, epochs):
    opt = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
    for epoch in range(epochs):
        model.train()
        running = 0.0
        for x, y in loader:
            opt.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            opt.step()
            running += loss.item()
        print(f"epoch {epoch}: {running / len(loader):.4f}")


@torch.no_grad()
def collect_logits(model, loader):
    model.eval()
    logits, labels = zip(*[(model(x), y) for x, y in loader])
    return torch.cat(logits), torch.cat(labels)


def main():
    torch.manual_seed(71)
    centres = torch.randn(3, 8)
    y = torch.randint(0, 3, (900,))
    x = centres[y] + 1.2 * torch.randn(900, 8)
    x = (x - x[:500].mean(0)) / x[:500].std(0)
    train_dl = DataLoader(TensorDataset(x[:500], y[:500]), batch_size=50, shuffle=True)
    calib_dl = DataLoader(TensorDataset(x[500:700], y[500:700]), batch_size=100)
    test_dl = DataLoader(TensorDataset(x[700:], y[700:]), batch_size=100)

    scorer = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 3))
    fit_scorer(scorer, train_dl, epochs=8)
    scaler = TemperatureScaler().fit(*collect_logits(scorer, calib_dl))
    logits, labels = collect_logits(scorer, test_dl)
    with torch.no_grad():
        before, after = F.cross_entropy(logits, labels), F.cross_entropy(scaler(logits), labels)
    print(f"T={scaler.temperature.item():.3f}  nll {before.item():.4f} -> {after.item():.4f}")


main()
