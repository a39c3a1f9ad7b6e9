import gradbook as torch
import gradbook.nn as nn

CONFIG = {"lr": 1e-8, "width": 16}  # coach: update-ratio-low; fix: {"lr": 0.


class Runner:
    def __init__(self, cfg):
        self.net = nn.Sequential(nn.Conv1d(1, cfg["width"], 3), nn.ReLU(), nn.Flatten(), nn.Linear(cfg["width"] * 8, 2))
        self.opt = torch.optim.SGD(self.net.parameters(), lr=cfg["lr"])

    def run(self, steps):  # coach-also: learning-rate-too-low, loss-plateau
        for _ in range(steps):
            x = torch.randn(12, 1, 10)
            loss = nn.functional.cross_entropy(self.net(x), (x.mean((1, 2)) > 0).long())
            self.opt.zero_grad()
            loss.backward()
            self.opt.step()


Runner(CONFIG).run(7)
