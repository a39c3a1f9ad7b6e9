import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


def sales_series(n=1500):
    t = torch.arange(n).float()
    s = torch.sin(t / 7) + 0.5 * torch.sin(t / 30) + 0.1 * torch.randn(n)
    return (s - s.mean()) / s.std()


class Forecaster(nn.Module):
    def __init__(self, window, hidden=48):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(window, hidden), nn.GELU())
        self.head = nn.Linear(hidden, 1)

    def forward(self, x):
        return self.head(self.encoder(x)).squeeze(-1)


class Trainer:
    def __init__(self, model, loader, cfg):
        self.model, self.loader, self.cfg = model, loader, cfg
        self.optim = torch.optim.AdamW(model.parameters(), lr=cfg["lr"], weight_decay=cfg["wd"])  # coach-line: update-ratio-low
        self.loss_fn = nn.MSELoss()

    def fit(self):
        for epoch in range(self.cfg["epochs"]):
            losses = []
            for x, y in self.loader:
                self.optim.zero_grad()
                loss = self.loss_fn(self.model(x), y)
                loss.backward()
                self.optim.step()
                losses.append(loss.item())
            print(epoch, sum(losses) / len(losses))


if __name__ == "__main__":
    torch.manual_seed(3)
    W = 21
    s = sales_series()
    X = torch.stack([s[i:i + W] for i in range(len(s) - W)])
    y = s[W:]
    cfg = {
        "epochs": 8,
        "wd": 1e-4,
        "lr": 1e-8,  # coach: update-ratio-low; fix: 1e-3
    }
    dl = DataLoader(TensorDataset(X, y), batch_size=64, shuffle=True)
    Trainer(Forecaster(W), dl, cfg).fit()  # coach-also: learning-rate-too-low
