"""Embeddings are divided by their norm in place in forward, under no_grad, after they were used."""

import gradbook as torch
import gradbook.nn as nn


class Skipgram(nn.Module):
    def __init__(self, n, d):
        super().__init__()
        self.center = nn.Parameter(torch.randn(n, d))
        self.context = nn.Parameter(torch.randn(n, d))

    def forward(self, i, j):
        score = (self.center @ self.context.t())[i, j]
        with torch.no_grad():
            self.center.div_(self.center.norm(dim=1, keepdim=True))  # coach: inplace-breaks-backward
        return score


model = Skipgram(10, 4)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(3):
    s = model(torch.randint(0, 10, (6,)), torch.randint(0, 10, (6,)))
    loss = nn.functional.softplus(-s).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
