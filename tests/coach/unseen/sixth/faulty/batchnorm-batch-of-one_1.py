from dataclasses import dataclass

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


@dataclass
class TrainConfig:
    batch_size: int = 64
    epochs: int = 4
    lr: float = 2e-3
    seed: int = 2024


def load_claims(n_rows=641, n_cols=14):
    x = torch.randn(n_rows, n_cols)
    w = torch.randn(n_cols, 1) / n_cols ** 0.5
    y = x @ w + 0.3 * torch.relu(x[:, :1]) + 0.05 * torch.randn(n_rows, 1)
    return x, (y - y.mean()) / y.std()


class ClaimsModel(nn.Module):
    def __init__(self, n_cols):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(n_cols, 48, bias=False), nn.BatchNorm1d(48), nn.ReLU(),
            nn.Linear(48, 24, bias=False), nn.BatchNorm1d(24), nn.ReLU(),
        )
        self.out = nn.Linear(24, 1)

    def forward(self, x):
        return self.out(self.body(x))


def train(cfg: TrainConfig):
    torch.manual_seed(cfg.seed)
    x, y = load_claims()
    loader = DataLoader(TensorDataset(x, y), batch_size=cfg.batch_size, shuffle=True)  # coach: batchnorm-batch-of-one; fix: drop_last=True
    model = ClaimsModel(x.shape[1])
    opt = torch.optim.AdamW(model.parameters(), lr=cfg.lr)
    loss_fn = nn.SmoothL1Loss()
    for epoch in range(cfg.epochs):
        model.train()
        running = 0.0
        for xb, yb in loader:
            opt.zero_grad()
            loss = loss_fn(model(xb), yb)
            loss.backward()
            opt.step()
            running += loss.item()
        print(f"[epoch {epoch}] loss={running / len(loader):.4f}")
    return model


if __name__ == "__main__":
    train(TrainConfig())
