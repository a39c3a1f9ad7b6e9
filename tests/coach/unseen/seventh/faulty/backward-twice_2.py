from dataclasses import dataclass

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


@dataclass
class Config:
    seed: int = 11
    lr: float = 3e-3
    batch_size: int = 64
    epochs: int = 3


class SharedTrunk(nn.Module):
    def __init__(self, d_in, width, n_classes):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(d_in, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU())
        self.cls_head = nn.Linear(width, n_classes)
        self.reg_head = nn.Linear(width, 1)

    def forward(self, x):
        h = self.trunk(x)
        return self.cls_head(h), self.reg_head(h).squeeze(1)


def train_step(model, optimizer, batch):
    x, label, value = batch
    optimizer.zero_grad()
    logits, pred = model(x)
    cls_loss = F.cross_entropy(logits, label)
    reg_loss = F.mse_loss(pred, value)
    cls_loss.backward()  # coach: backward-twice; fix: retain_graph=True
    reg_loss.backward()  # coach-line: backward-twice
    optimizer.step()
    return {"cls": cls_loss.item(), "reg": reg_loss.item()}


def main(cfg):
    torch.manual_seed(cfg.seed)
    x = torch.randn(512, 12)
    scores = x @ torch.randn(12, 4)
    value = torch.tanh(x[:, 0] + x[:, 1])
    loader = DataLoader(TensorDataset(x, scores.argmax(1), value), batch_size=cfg.batch_size, shuffle=True)
    model = SharedTrunk(12, 48, 4)
    optimizer = torch.optim.Adam(model.parameters(), lr=cfg.lr)
    for epoch in range(cfg.epochs):
        logs = [train_step(model, optimizer, batch) for batch in loader]
        print(epoch, {k: round(sum(d[k] for d in logs) / len(logs), 4) for k in logs[0]})


main(Config())
