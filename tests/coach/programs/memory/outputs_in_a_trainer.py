import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class Trainer:
    def __init__(self, model, lr=0.05):
        self.model = model
        self.opt = torch.optim.SGD(model.parameters(), lr=lr)
        self.seen = {}
        self.step_number = 0

    def training_step(self, batch):
        x, y = batch
        out = self.model(x)
        self.seen[self.step_number] = out.detach().clone()  # coach: memory-growth; fix: self.seen.clear()
        self.step_number += 1
        loss = ((out - y) ** 2).mean()
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
        return loss.item()

    def fit(self, loader, epochs):
        for _ in range(epochs):
            for batch in loader:
                self.training_step(batch)


data = TensorDataset(torch.randn(160, 6), torch.randn(160, 8))
Trainer(nn.Linear(6, 8)).fit(DataLoader(data, batch_size=16, shuffle=True), epochs=2)
