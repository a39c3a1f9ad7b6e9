from dataclasses import dataclass, field

import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset


@dataclass
class TrainState:
    best: float = float("inf")
    bad: int = 0
    log: list = field(default_factory=list)


class Regressor(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(d, 40), nn.GELU(), nn.Dropout(p=0.2), nn.Linear(40, 1))

    def forward(self, x):
        return self.layers(x)


class Trainer:
    def __init__(self, model, loss, opt):
        self.model, self.loss, self.opt = model, loss, opt
        self.state = TrainState()

    def validation_loss(self, loader):
        self.model.eval()  # coach: train-mode-not-restored; fix: self.model.train()
        with torch.no_grad():
            vals = [self.loss(self.model(x), y).item() for x, y in loader]
        return sum(vals) / len(vals)

    def fit(self, train, valid, epochs, patience=3):
        for epoch in range(epochs):
            for x, y in train:
                self.opt.zero_grad()
                out = self.loss(self.model(x), y)
                out.backward()
                self.opt.step()
            v = self.validation_loss(valid)
            self.state.log.append(v)
            if v < self.state.best:
                self.state.best, self.state.bad = v, 0
            else:
                self.state.bad += 1
            print(f"epoch {epoch}: val {v:.4f}")
            if self.state.bad >= patience:
                break


torch.manual_seed(404)
A = torch.randn(260, 5)
B = torch.sin(A[:, :1]) + 0.5 * A[:, 1:2] + 0.1 * torch.randn(260, 1)
m = Regressor(5)
Trainer(m, nn.MSELoss(), torch.optim.AdamW(m.parameters(), lr=3e-3)).fit(
    DataLoader(TensorDataset(A[:200], B[:200]), batch_size=20, shuffle=True),
    DataLoader(TensorDataset(A[200:], B[200:]), batch_size=30), epochs=5)
