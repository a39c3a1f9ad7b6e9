"""Rolling demand forecaster: one long history per store, processed chunk by chunk."""
from dataclasses import dataclass

import gradbook as torch
from gradbook import nn


@dataclass
class Config:
    n_stores: int = 16
    chunk: int = 12
    hidden: int = 24
    lr: float = 3e-3
    seed: int = 11


class DemandRNN(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.gru = nn.GRU(1, hidden, batch_first=True)
        self.out = nn.Linear(hidden, 1)

    def forward(self, x, state):
        feats, state = self.gru(x, state)
        return self.out(feats), state


def make_history(cfg, length=145):
    t = torch.arange(length).float()
    phase = torch.rand(cfg.n_stores, 1) * 6.28
    demand = torch.sin(2 * 3.1416 * t / 24 + phase) + 0.1 * torch.randn(cfg.n_stores, length)
    return ((demand - demand.mean()) / demand.std()).unsqueeze(-1)


def train(cfg):
    torch.manual_seed(cfg.seed)
    history = make_history(cfg)
    model = DemandRNN(cfg.hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=cfg.lr)
    mse = nn.MSELoss()
    for epoch in range(3):
        state = torch.zeros(1, cfg.n_stores, cfg.hidden)
        running = 0.0
        n_chunks = (history.shape[1] - 1) // cfg.chunk
        for c in range(n_chunks):
            lo = c * cfg.chunk
            x = history[:, lo:lo + cfg.chunk]
            y = history[:, lo + 1:lo + cfg.chunk + 1]
            optimizer.zero_grad()
            pred, state = model(x, state)  # coach: backward-twice; fix: .detach()
            loss = mse(pred, y)
            loss.backward()  # coach-line: backward-twice
            optimizer.step()
            running += loss.item()
        print(f"epoch {epoch}: {running / n_chunks:.4f}")


if __name__ == "__main__":
    train(Config())
