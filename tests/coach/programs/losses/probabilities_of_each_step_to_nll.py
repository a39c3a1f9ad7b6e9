"""A tagger gives probabilities over the last axis, and nll_loss takes all steps as rows."""

import gradbook as torch
from gradbook import nn, optim
from gradbook.nn import functional as F


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(12, 10)
        self.rnn = nn.GRU(10, 16, batch_first=True)
        self.tags = nn.Linear(16, 4)

    def forward(self, text):
        states, _ = self.rnn(self.words(text))
        return F.softmax(self.tags(states), dim=-1)  # coach: log-softmax-missing-for-nll; fix: F.log_softmax(


torch.manual_seed(0)
texts = torch.randint(0, 12, (48, 6))
tags = texts % 4
net = Tagger()
adam = optim.Adam(net.parameters(), lr=5e-3)
for _ in range(4):
    for rows in torch.randperm(48).split(12):
        found = net(texts[rows])
        adam.zero_grad()
        F.nll_loss(found.flatten(0, 1), tags[rows].flatten()).backward()
        adam.step()
