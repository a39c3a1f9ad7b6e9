"""A network that is trained gets a new head, which is frozen with the rest of it."""

import gradbook as torch
from gradbook import nn


class Scorer(nn.Module):
    def __init__(self, outputs):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(9, 18), nn.Tanh())
        self.last = nn.Linear(18, outputs)

    def forward(self, x):
        return self.last(self.body(x))


def fit(scorer, parameters, x, y):
    sgd = torch.optim.SGD(parameters, lr=0.05)
    for _ in range(5):
        sgd.zero_grad()
        nn.functional.mse_loss(scorer(x), y).backward()
        sgd.step()


x = torch.randn(40, 9)
scorer = Scorer(4)
fit(scorer, scorer.parameters(), x, x[:, :4] * x[:, 4:8])
scorer.last = nn.Linear(18, 1)
scorer.requires_grad_(False)  # coach: nothing-requires-grad; fix: scorer.body.requires_grad_(False)
fit(scorer, scorer.last.parameters(), x, x.sum(1, keepdim=True))
