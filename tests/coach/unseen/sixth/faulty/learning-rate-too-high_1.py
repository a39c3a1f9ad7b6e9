from dataclasses import dataclass

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


@dataclass(frozen=True)
class Config:
    n_lags: int = 16
    hidden: int = 48
    batch_size: int = 32
    epochs: int = 12
    lr: float = 0.3  # coach: learning-rate-too-high; fix: lr
    seed: int = 3


def lagged_load(cfg, length=640):
    t = torch.arange(length).float()
    load = torch.sin(t / 4) + 0.4 * torch.sin(t / 15) + 0.1 * torch.randn(length)
    load = (load - load.mean()) / load.std()
    x = torch.stack([load[i:i + cfg.n_lags] for i in range(length - cfg.n_lags)])
    return x, load[cfg.n_lags:].unsqueeze(1)


class LoadForecaster(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.inp = nn.Linear(cfg.n_lags, cfg.hidden)
        self.mid = nn.Linear(cfg.hidden, cfg.hidden)
        self.out = nn.Linear(cfg.hidden, 1)

    def forward(self, lags):
        h = torch.relu(self.inp(lags))
        return self.out(torch.relu(self.mid(h)))


def main(cfg=Config()):
    torch.manual_seed(cfg.seed)
    x, y = lagged_load(cfg)
    loader = DataLoader(TensorDataset(x, y), batch_size=cfg.batch_size, shuffle=True)
    model = LoadForecaster(cfg)
    opt = torch.optim.Adam(model.parameters(), lr=cfg.lr)  # coach-line: learning-rate-too-high
    mse = nn.MSELoss()
    for epoch in range(cfg.epochs):
        total = 0.0
        for lags, target in loader:
            opt.zero_grad()
            loss = mse(model(lags), target)
            loss.backward()
            opt.step()  # coach-also: update-ratio-high
            total += loss.item()
        print(f"epoch {epoch:2d} mse {total / len(loader):.3f}")  # coach-also: loss-diverged


main()
