"""A Trainer with train_step and val_step; the validation has eval() and no no_grad."""

import gradbook as torch
import gradbook.nn as nn


class Trainer:
    def __init__(self, model):
        self.model = model
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
        self.loss_fn = nn.CrossEntropyLoss()

    def train_step(self, x, y):
        self.model.train()
        loss = self.loss_fn(self.model(x), y)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def val_step(self, x, y):
        self.model.eval()
        loss = self.loss_fn(self.model(x), y)  # coach: no-grad-missing; fix: with torch.no_grad():
        return loss.item()


trainer = Trainer(nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 2)))
data = [(torch.randn(8, 6), torch.randint(0, 2, (8,))) for _ in range(6)]
for epoch in range(3):
    for x, y in data[:4]:
        trainer.train_step(x, y)
    for x, y in data[4:]:
        print(trainer.val_step(x, y))
