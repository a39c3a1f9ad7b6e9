from dataclasses import dataclass

import gradbook as torch
import gradbook.nn as nn


@dataclass
class Config:
    hidden: int = 20
    lr: float = 1e-10  # coach: learning-rate-too-low; fix: lr: float = 0.01
    momentum: float = 0.9
    steps: int = 20


def main(cfg):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, cfg.hidden), nn.Tanh(), nn.Linear(cfg.hidden, 1))
    opt = torch.optim.SGD(model.parameters(), lr=cfg.lr, momentum=cfg.momentum)
    x = torch.randn(64, 5)
    y = x[:, :1] - x[:, 1:2]
    for _ in range(cfg.steps):
        loss = nn.functional.mse_loss(model(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()  # coach-also: loss-plateau, update-ratio-low


main(Config())
