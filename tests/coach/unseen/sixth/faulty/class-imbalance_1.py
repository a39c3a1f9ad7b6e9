from dataclasses import dataclass

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


@dataclass
class FraudConfig:
    n_tx: int = 3000
    fraud_rate: float = 0.02
    batch: int = 128
    epochs: int = 5
    lr: float = 1e-3


def transactions(n, rate, n_feats=10):
    y = (torch.rand(n) < rate).float()
    x = torch.randn(n, n_feats)
    x[:, :3] += 1.4 * y.unsqueeze(1)
    x = (x - x.mean(0)) / x.std(0)
    return x, y


class FraudTrainer:
    def __init__(self, cfg):
        self.cfg = cfg
        x, y = transactions(cfg.n_tx, cfg.fraud_rate)
        cut = int(0.8 * cfg.n_tx)
        self.train_dl = DataLoader(TensorDataset(x[:cut], y[:cut]), batch_size=cfg.batch, shuffle=True)  # coach-line: class-imbalance
        self.valid_dl = DataLoader(TensorDataset(x[cut:], y[cut:]), batch_size=300)
        self.net = nn.Sequential(nn.Linear(x.shape[1], 32), nn.ReLU(), nn.Linear(32, 1))
        self.criterion = nn.BCEWithLogitsLoss()  # coach: class-imbalance; fix: pos_weight
        self.opt = torch.optim.Adam(self.net.parameters(), lr=cfg.lr)

    def fit(self):
        for epoch in range(self.cfg.epochs):
            self.net.train()
            for xb, yb in self.train_dl:
                self.opt.zero_grad()
                loss = self.criterion(self.net(xb).squeeze(1), yb)
                loss.backward()
                self.opt.step()
            acc, recall = self.validate()
            print(f"epoch {epoch}: accuracy {acc:.3f}, fraud caught {recall:.3f}")  # coach-also: constant-predictions

    def validate(self):
        self.net.eval()
        right = caught = frauds = n = 0
        with torch.no_grad():
            for xb, yb in self.valid_dl:
                flagged = (self.net(xb).squeeze(1) > 0).float()
                right += (flagged == yb).sum().item()
                caught += (flagged * yb).sum().item()
                frauds += yb.sum().item()
                n += len(yb)
        return right / n, caught / max(frauds, 1)


torch.manual_seed(99)
FraudTrainer(FraudConfig()).fit()
