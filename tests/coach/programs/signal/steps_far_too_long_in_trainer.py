import gradbook as torch
import gradbook.nn as nn


class Trainer:
    def __init__(self, model, learning_rate):
        self.model = model
        self.optimizer = torch.optim.RMSprop(model.parameters(), learning_rate)
        self.history = []

    def step(self, x, y):
        self.optimizer.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        self.history.append(loss.item())


t = Trainer(nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 1)), 0.5)  # coach: update-ratio-high; fix: 0.0
for _ in range(10):  # coach-also: learning-rate-too-high, loss-diverged
    x = torch.randn(32, 5)
    t.step(x, (x[:, :1] > 0).float())
