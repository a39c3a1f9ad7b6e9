"""A Sequential without LogSoftmax, and F.nll_loss in a function."""

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

model = nn.Sequential(
    nn.Linear(10, 24),
    nn.ReLU(),
    nn.Linear(24, 3),  # coach: log-softmax-missing-for-nll; fix: nn.Linear(24, 3), nn.LogSoftmax(dim=1)
)
opt = torch.optim.SGD(model.parameters(), lr=0.05)


def train_epoch(batches):
    for x, y in batches:
        opt.zero_grad()
        loss = F.nll_loss(model(x), y)
        loss.backward()
        opt.step()


train_epoch([(torch.randn(8, 10), torch.randint(0, 3, (8,))) for _ in range(6)])
