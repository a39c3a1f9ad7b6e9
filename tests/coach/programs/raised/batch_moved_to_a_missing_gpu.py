import gradbook as torch
from gradbook import nn


class Trainer:
    def __init__(self, model):
        self.model = model
        self.opt = torch.optim.SGD(model.parameters(), lr=0.1)

    def step(self, batch):
        batch = batch.to("cuda:7")  # coach: device-mismatch; fix: batch.to("cuda" if torch.cuda.is_available() else "cpu")
        loss = self.model(batch).pow(2).mean()
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()


trainer = Trainer(nn.Linear(4, 2))
for _ in range(3):
    trainer.step(torch.randn(10, 4))
