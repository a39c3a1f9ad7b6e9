import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn


class Trainer:
    def __init__(self, net):
        self.net, self.ema, self.beta = net, 0.0, 0.95
        self.opt = torch.optim.SGD(net.parameters(), lr=0.05)

    def step(self, x, y):
        loss = F.cross_entropy(self.net(x), y)
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
        self.ema = self.beta * self.ema + (1 - self.beta) * loss  # coach: loss-keeps-graph; fix: (1 - self.beta) * loss.item()
        return self.ema


trainer = Trainer(nn.Linear(6, 3))
for i in range(9):
    trainer.step(torch.randn(16, 6), torch.randint(0, 3, (16,)))
