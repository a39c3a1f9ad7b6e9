from dataclasses import dataclass

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.optim import Adam
from gradbook.utils.data import DataLoader, TensorDataset


@dataclass
class Config:
    hidden: int = 32
    lr: float = 1e-3
    epochs: int = 4
    batch_size: int = 32


class Trainer:
    def __init__(self, model, cfg):
        self.model = model
        self.cfg = cfg
        self.opt = Adam(model.parameters(), lr=cfg.lr)
        self.history = []

    def training_step(self, batch):
        inputs, labels = batch
        logits = self.model(inputs)
        return F.cross_entropy(logits, labels)

    def fit(self, loader):
        for _ in range(self.cfg.epochs):
            self.model.train()
            for batch in loader:
                loss = self.training_step(batch)
                loss.backward()  # coach: missing-zero-grad; fix: .zero_grad()
                self.opt.step()
                self.history.append(loss.item())
            print("loss", sum(self.history[-len(loader):]) / len(loader))


torch.manual_seed(42)
cfg = Config()
centers = torch.randn(4, 10) * 2
labels = torch.randint(0, 4, (320,))
feats = centers[labels] + torch.randn(320, 10)
feats = (feats - feats.mean(0)) / feats.std(0)
net = nn.Sequential(nn.Linear(10, cfg.hidden), nn.ReLU(), nn.Linear(cfg.hidden, 4))
Trainer(net, cfg).fit(DataLoader(TensorDataset(feats, labels), batch_size=cfg.batch_size, shuffle=True))
# coach-also: learning-rate-too-high, loss-plateau
