"""A block is run under no_grad by a copied snippet, and its parameters are in the optimizer."""

import gradbook as torch
import gradbook.nn as nn


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(6, 16)
        self.head = nn.Linear(16, 2)

    @torch.no_grad()  # coach: training-under-no-grad; fix: @torch.enable_grad()
    def features(self, x):
        return torch.relu(self.embed(x))

    def forward(self, x):
        return self.head(self.features(x))


model = Model()
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(210):
    loss = nn.functional.cross_entropy(model(torch.randn(4, 6)), torch.randint(0, 2, (4,)))
    opt.zero_grad()
    loss.backward()
    opt.step()
