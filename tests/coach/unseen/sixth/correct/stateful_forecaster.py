"""Stateful GRU over contiguous chunks (order matters, so nothing is shuffled), truncated BPTT."""
from dataclasses import dataclass

import gradbook as torch
from gradbook import nn
from gradbook.nn.utils import clip_grad_norm_


@dataclass
class Cfg:
    length: int = 241
    chunk: int = 20
    hidden: int = 24


class StatefulGRU(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.cell = nn.GRU(1, hidden, batch_first=True)
        self.readout = nn.Linear(hidden, 1)

    def forward(self, x, h=None):
        z, h = self.cell(x, h)
        return self.readout(z), h


def chunks(data, size):
    for lo in range(0, data.shape[1] - 1, size):
        yield data[:, lo:lo + size], data[:, lo + 1:lo + size + 1]


def train_epoch(model, data, cfg, opt, loss_fn):
    model.train()
    h, losses = None, []
    for x, y in chunks(data, cfg.chunk):
        if h is not None:
            h = h.detach()
        pred, h = model(x, h)
        loss = loss_fn(pred, y)
        opt.zero_grad()
        loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        opt.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)


def validate(model, data, cfg, loss_fn):
    model.eval()
    h, losses = None, []
    with torch.no_grad():
        for x, y in chunks(data, cfg.chunk):
            pred, h = model(x, h)
            losses.append(loss_fn(pred, y).item())
    return sum(losses) / len(losses)


def make(cfg, n):
    t = torch.arange(cfg.length).float()
    s = torch.sin(t * 0.26 + 6.28 * torch.rand(n, 1)) + 0.15 * torch.randn(n, cfg.length)
    return (s / 0.72).unsqueeze(-1)


cfg = Cfg()
torch.manual_seed(14)
train_data, val_data = make(cfg, 24), make(cfg, 8)
model, huber = StatefulGRU(cfg.hidden), nn.HuberLoss()
opt = torch.optim.Adam(model.parameters(), lr=4e-3)
for epoch in range(6):
    print(f"{epoch}: {train_epoch(model, train_data, cfg, opt, huber):.4f} / {validate(model, val_data, cfg, huber):.4f}")
