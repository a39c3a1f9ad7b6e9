import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Trainer:
    def __init__(self):
        self.model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1), nn.Sigmoid())
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)

    def step(self, x, y):
        prob = self.model(x)
        guess = (prob > 0.5).float()  # coach: detached-graph; fix: guess = prob
        loss = F.binary_cross_entropy(guess, y)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()


trainer = Trainer()
x = torch.randn(32, 8)
y = (x[:, :1] > 0).float()
for _ in range(5):
    trainer.step(x, y)
