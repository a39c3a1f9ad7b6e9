import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Trainer:
    def __init__(self, model, lr=1e-3):
        self.model = model
        self.optim = torch.optim.AdamW(model.parameters(), lr=lr)
        self.history = {"train": [], "lr": []}

    def step(self, x, y):
        self.optim.zero_grad()
        loss = F.cross_entropy(self.model(x), y)
        loss.backward()
        self.optim.step()
        return loss

    def fit(self, X, Y, epochs):
        for epoch in range(epochs):
            for i in range(0, len(X), 20):
                batch_loss = self.step(X[i : i + 20], Y[i : i + 20])
                self.history["train"].append(batch_loss)  # coach: loss-keeps-graph; fix: .append(batch_loss.item())
                self.history["lr"].append(self.optim.param_groups[0]["lr"])


Trainer(nn.Linear(5, 4)).fit(torch.randn(100, 5), torch.randint(0, 4, (100,)), 2)
