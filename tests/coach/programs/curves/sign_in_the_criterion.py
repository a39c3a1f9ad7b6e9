import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn


class Trainer:
    def __init__(self, model):
        self.model = model
        self.opt = torch.optim.SGD(model.parameters(), lr=0.1)

    def criterion(self, pred, target):
        return -F.mse_loss(pred, target)  # coach: loss-diverged; fix: return F.mse_loss(pred, target)

    def run(self, x, y, n):
        for _ in range(n):
            self.opt.zero_grad()
            loss = self.criterion(self.model(x), y)
            loss.backward()
            self.opt.step()


torch.manual_seed(2)
x = torch.randn(50, 2)
Trainer(nn.Linear(2, 1)).run(x, x[:, :1], 80)  # coach-also: exploding-gradients, learning-rate-too-high
