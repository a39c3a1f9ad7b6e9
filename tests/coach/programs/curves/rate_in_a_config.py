import gradbook as torch
from gradbook import nn

config = {"lr": 3.0, "steps": 25, "hidden": 16}  # coach: learning-rate-too-high; fix: {"lr": 0.


class Regression:
    def __init__(self, cfg):
        self.cfg = cfg
        self.model = nn.Sequential(nn.Linear(2, cfg["hidden"]), nn.Tanh(), nn.Linear(cfg["hidden"], 1))
        self.opt = torch.optim.SGD(self.model.parameters(), lr=cfg["lr"], momentum=0.9)

    def fit(self, x, y):
        for _ in range(self.cfg["steps"]):
            out = self.model(x)
            err = (out - y).pow(2).mean()
            self.opt.zero_grad()
            err.backward()
            self.opt.step()


data = torch.randn(64, 2)  # coach-also: saturated-activation
Regression(config).fit(data, data[:, :1] * data[:, 1:])
