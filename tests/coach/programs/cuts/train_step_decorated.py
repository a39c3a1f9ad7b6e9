import gradbook as torch
import gradbook.nn as nn


class Experiment:
    def __init__(self, lr=0.02):
        self.net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 1))
        self.criterion = nn.L1Loss()
        self.optimizer = torch.optim.RMSprop(self.net.parameters(), lr=lr)

    @torch.no_grad()  # coach: training-under-no-grad; fix: @torch.enable_grad()
    def compute_loss(self, x, y):
        return self.criterion(self.net(x), y)

    def fit(self, x, y, steps):
        for _ in range(steps):
            self.optimizer.zero_grad()
            loss = self.compute_loss(x, y)
            loss.requires_grad_()
            loss.backward()
            self.optimizer.step()


x = torch.randn(16, 4)
Experiment().fit(x, x.sum(1, keepdim=True), 5)
