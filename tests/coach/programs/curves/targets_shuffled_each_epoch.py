import gradbook as torch
from gradbook import nn


class Trainer:
    def __init__(self):
        torch.manual_seed(8)
        self.model = nn.Linear(6, 3)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-4)
        self.x, self.y = torch.randn(300, 6), torch.arange(300) % 3

    def epoch(self):
        y = self.y[torch.randperm(300)]  # coach: loss-plateau; fix: y = self.y
        for i in range(0, 300, 60):
            self.optimizer.zero_grad()
            nn.functional.cross_entropy(self.model(self.x[i : i + 60]), y[i : i + 60]).backward()
            self.optimizer.step()


trainer = Trainer()
for _ in range(10):
    trainer.epoch()
