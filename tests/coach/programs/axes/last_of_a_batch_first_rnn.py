"""out[-1] is the last sample, not the last step, of a layer with batch_first."""

import gradbook as torch
from gradbook import nn


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(8, 12, batch_first=True)
        self.head = nn.Linear(12, 3)

    def forward(self, x):
        out, h = self.rnn(x)
        return self.head(out[-1])  # coach: batch-axis-mixed; fix: self.head(out[:, -1])


def train(model, x, y, steps=5):
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(steps):
        loss = nn.functional.cross_entropy(model(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()


train(Tagger(), torch.randn(10, 10, 8), torch.randint(0, 3, (10,)))
