import gradbook as torch
import gradbook.nn as nn


class T:
    def __init__(s):
        s.model = nn.Linear(3, 1)
        s.configure()
        s.build()

    def configure(s):
        s.opt = torch.optim.SGD(s.model.parameters(), lr=0.1)  # coach: stale-optimizer

    def build(s):
        s.model = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 1))

    def fit(s, x, y):
        for i in range(5):
            s.opt.zero_grad()
            l = ((s.model(x) - y) ** 2).mean()
            l.backward()
            s.opt.step()


T().fit(torch.randn(9, 3), torch.randn(9, 1))
