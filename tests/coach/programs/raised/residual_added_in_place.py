"""A residual connection written with += on the output of a tanh."""

import gradbook as torch
import gradbook.nn as nn


class ResBlock(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.f = nn.Linear(d, d)
        self.g = nn.Linear(d, d)

    def forward(self, x):
        out = torch.tanh(self.f(x))
        out += x  # coach: inplace-breaks-backward; fix: out = out + x
        return self.g(out)


model = nn.Sequential(nn.Linear(3, 8), ResBlock(8), nn.Linear(8, 2))
optimizer = torch.optim.Adam(model.parameters())
for _ in range(2):
    loss = nn.functional.cross_entropy(model(torch.randn(5, 3)), torch.randint(0, 2, (5,)))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
