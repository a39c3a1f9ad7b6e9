from dataclasses import dataclass

import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


@dataclass
class ModelConfig:
    n_features: int = 10
    hidden: int = 48
    dropout: float = 0.1


class DeliveryTimeNet(nn.Module):
    def __init__(self, cfg: ModelConfig):
        super().__init__()
        self.fc1 = nn.Linear(cfg.n_features, cfg.hidden)
        self.fc2 = nn.Linear(cfg.hidden, cfg.hidden)
        self.fc3 = nn.Linear(cfg.hidden, 1)
        self.dropout = nn.Dropout(cfg.dropout)

    def forward(self, x):
        x = self.dropout(F.relu(self.fc1(x)))
        x = self.fc2(x)  # coach: missing-nonlinearity; fix: relu(
        return self.fc3(x)  # coach-line: missing-nonlinearity


def synthetic_deliveries(n, d):
    x = torch.randn(n, d)
    minutes = x[:, 0].abs() + x[:, 1] * x[:, 2] + 0.5 * x[:, 3] + 0.1 * torch.randn(n)
    return x, ((minutes - minutes.mean()) / minutes.std()).unsqueeze(1)


def train_step(model, batch, optimizer):
    model.train()
    x, y = batch
    optimizer.zero_grad()
    loss = F.smooth_l1_loss(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


def validate(model, loader):
    model.eval()
    with torch.no_grad():
        losses = [F.smooth_l1_loss(model(x), y).item() for x, y in loader]
    return sum(losses) / len(losses)


if __name__ == "__main__":
    torch.manual_seed(2)
    cfg = ModelConfig()
    x, y = synthetic_deliveries(1000, cfg.n_features)
    train_dl = DataLoader(TensorDataset(x[:800], y[:800]), batch_size=50, shuffle=True)
    val_dl = DataLoader(TensorDataset(x[800:], y[800:]), batch_size=100)
    model = DeliveryTimeNet(cfg)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-3)
    for epoch in range(6):
        losses = [train_step(model, batch, optimizer) for batch in train_dl]
        print(f"epoch {epoch}: train {sum(losses) / len(losses):.4f} val {validate(model, val_dl):.4f}")
