"""reduction='none' for weighting, and the mean is forgotten."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
criterion = nn.CrossEntropyLoss(reduction="none")
opt = torch.optim.SGD(net.parameters(), lr=0.1)
weights = torch.rand(16)


def step(xb, yb):
    opt.zero_grad()
    losses = criterion(net(xb), yb)
    weighted = losses * weights
    weighted.backward()  # coach: non-scalar-backward; fix: weighted.mean().backward()
    opt.step()


for _ in range(3):
    step(torch.randn(16, 4), torch.randint(0, 3, (16,)))
