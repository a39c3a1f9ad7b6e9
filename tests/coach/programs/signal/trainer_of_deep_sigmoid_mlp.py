import gradbook as torch
import gradbook.nn as nn


def mlp(sizes):
    parts = []
    for a, b in zip(sizes, sizes[1:]):
        parts.append(nn.Linear(a, b))
        parts.append(nn.Sigmoid())  # coach: vanishing-gradients; fix: parts.append(nn.ReLU())
    return nn.Sequential(*parts[:-1])


class Trainer:
    def __init__(self, model, data):
        self.model, self.data = model, data
        self.optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
        self.loss = nn.MSELoss()

    def train(self, epochs):
        for _ in range(epochs):
            for x, y in self.data:
                self.optimizer.zero_grad()
                loss = self.loss(self.model(x), y)
                loss.backward()
                self.optimizer.step()


batches = [(torch.rand(16, 4), torch.rand(16, 1)) for _ in range(4)]
Trainer(mlp([4, 32, 32, 32, 32, 32, 32, 1]), batches).train(2)
